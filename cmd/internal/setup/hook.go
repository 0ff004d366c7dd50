package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// hooks are the ways to start svscanboot when the machine boots: each says
// what has to be there for it.
var hooks = map[string]func(*disk, layout) ([]thing, error){
	"":         func(*disk, layout) ([]thing, error) { return nil, nil },
	"rc.local": rcLocal,
	"inittab":  inittab,
	"systemd":  systemd,
}

const (
	rcLocalFile = "/etc/rc.local"
	inittabFile = "/etc/inittab"
	unitDir     = "/etc/systemd/system"
	unitName    = "svscanboot.service"
)

// svscanboot is how it is called, with what is not as usual.
func (l layout) svscanboot() string {
	call := l.command + "/svscanboot"
	if l.command != "/command" {
		call += " --command=" + l.command
	}
	if l.service != "/service" {
		call += " --service=" + l.service
	}
	return call
}

func (l layout) rcLine() string      { return l.svscanboot() + " &" }
func (l layout) inittabLine() string { return "SV:123456:respawn:" + l.svscanboot() }

// hint tells what is left to do by hand.
func (l layout) hint() string {
	now := map[string]string{
		"": "nohup " + l.svscanboot() + " &", "rc.local": "nohup " + l.svscanboot() + " &",
		"inittab": "kill -HUP 1", "systemd": "systemctl daemon-reload && systemctl start svscanboot",
	}
	text := ""
	if l.boot == "" {
		text = "To start svscan when the machine boots, say --boot=rc.local, --boot=inittab or\n" +
			"--boot=systemd, or add one of these lines yourself:\n" +
			"\t" + rcLocalFile + "\t" + l.rcLine() + "\n" +
			"\t" + inittabFile + "\t" + l.inittabLine() + "\n" +
			"\t" + unitName + "\tExecStart=" + l.svscanboot() + "\n"
	}
	return text + "To start it now:\n\t" + now[l.boot]
}

// rcLocal is a line at the end of /etc/rc.local, which is made where it does
// not exist.
func rcLocal(d *disk, l layout) ([]thing, error) {
	const interpreter = "#!/bin/sh\n"
	content, err := contentOf(d, rcLocalFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := d.resolve("/etc"); err != nil {
			return nil, err
		}
		_, put := insertion([]byte(interpreter), l.rcLine())
		return []thing{
			newFile(rcLocalFile, []byte(interpreter), 0o755),
			{kind: text, path: rcLocalFile, detail: put},
		}, nil
	case err != nil:
		return nil, err
	}
	_, put := insertion(content, l.rcLine())
	return []thing{{kind: text, path: rcLocalFile, detail: put}}, nil
}

// inittab is a line in /etc/inittab; without such a file, init is another one.
func inittab(d *disk, l layout) ([]thing, error) {
	content, err := contentOf(d, inittabFile)
	if err != nil {
		return nil, err
	}
	_, put := insertion(content, l.inittabLine())
	if put != "" && strings.Contains("\n"+string(content), "\nSV:") {
		return nil, fmt.Errorf("unable to add to %s: it has another entry SV", d.at(inittabFile))
	}
	return []thing{{kind: text, path: inittabFile, detail: put}}, nil
}

// contentOf reads a file that is to be edited.
func contentOf(d *disk, path string) ([]byte, error) {
	content, err := os.ReadFile(d.at(path))
	if err != nil {
		return nil, fmt.Errorf("unable to open %s: %w", d.at(path), cli.Errno(err))
	}
	_, err = d.resolve(path)
	return content, err
}

// systemd is a unit, and the link that enables it.
func systemd(d *disk, l layout) ([]thing, error) {
	if _, err := d.resolve(unitDir); err != nil {
		return nil, err // another init
	}
	wants := unitDir + "/multi-user.target.wants"
	return []thing{
		newFile(unitDir+"/"+unitName, []byte(l.unit()), 0o644),
		{kind: directory, path: wants},
		{kind: link, path: wants + "/" + unitName, detail: "../" + unitName},
	}, nil
}

// unit is the systemd unit. TERM goes to svscanboot alone, which passes it to
// svscan, which stops services before their loggers. A tree of many services
// has more threads than systemd grants by default, and one service that runs
// out of memory must not end the others.
func (l layout) unit() string {
	return `[Unit]
Description=svscan on ` + l.service + `

[Service]
ExecStart=` + l.svscanboot() + `
Restart=always
KillMode=mixed
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`
}

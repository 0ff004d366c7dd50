// Package supervise keeps a service running, and speaks with the supervise of
// any service. It guarantees:
//
//   - There is one process of a service at a time: a lock keeps a second
//     supervise away, and nothing is started before what was there has ended
//     and has been waited for.
//   - A service that is wanted down is not started, starts are a second apart
//     on the monotonic clock, and a letter is obeyed at every moment.
//   - A reader of the status record finds a whole one. Its pid is 0 before the
//     next process is made.
//   - While nothing is due nothing runs.
//   - Nothing in it belongs to the whole process: no working directory, no
//     umask, no signal is changed, so that one process can hold many services.
//
// It knows the files of the control directory as daemontools 0.76 lays them
// out, so that its readers and writers, those of 0.76 and those of
// daemontools-encore can be mixed.
//
// # The control directory
//
//	lock     held by flock(2) as long as a supervise runs
//	ok       a FIFO that has a reader as long as a supervise runs
//	control  a FIFO that takes commands, a byte each
//	status   a record of the service's state, see [Status]
//	running  what the next supervise has to know if this one is killed; it is
//	         removed at a clean end
//
// It is the folder supervise of the service directory, unless the environment
// variable SUPERVISEDIR says otherwise, see [ControlDir]. A crash leaves all of
// it behind: the lock is free and ok has no reader, which tells everybody, and
// running tells the next supervise what to go on with. status.new is the next
// status record, renamed into its place when it is whole.
//
// # The states
//
// A service is a pure machine (machine.go, commands.go): events and the time go
// in, actions come out. Its hand (hand.go) does the actions, and brings what
// came of a launch as the next event. testdata/machine.txt lists what every
// event does in every situation that can come about.
//
//	down       nothing runs until it is told to
//	waiting    nothing runs until the second since the last start is over
//	starting   start runs                              (encore)
//	up         run runs
//	started    nothing runs, for there is no run       (encore)
//	finishing  finish runs
//	stopping   stop runs                               (encore)
//	failed     nothing runs: start failed, or run said so by exit 100 (encore)
//	gone       nothing will run any more
//
// Two wishes go with the state. What is wanted, up, down or once, says what
// follows when a script has ended; told to leave, the service goes to gone
// instead of any state in which nothing runs. A directory of 0.76 knows down,
// waiting, up and gone, and finishing if it has a finish.
//
// A [Service] is a service directory and its descriptors; one goroutine owns it
// and its machine, that of its [Loop], which waits for letters, ends of
// processes and deadlines in one poll(2). encore's logger is a second machine
// in the same Service.
package supervise

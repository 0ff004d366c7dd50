package tai64_test

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/tailight/tailight/tai64"
)

func ExampleParseTAI64N() {
	l, err := tai64.ParseTAI64N("@4000000037c219bf2ef02e94")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Time())
	fmt.Println(l.Add(time.Second))

	_, err = tai64.ParseTAI64N("@4000000037C219BF2EF02E94")
	fmt.Println(err)
	// Output:
	// 1999-08-24 04:04:05.7874925 +0000 UTC
	// @4000000037c219c02ef02e94
	// label "@4000000037C219BF2EF02E94": byte 11 is not one of 0-9a-f
}

func ExampleStamp() {
	// A program would use a zero Clock; here time stands still.
	c := &tai64.Clock{Now: func() time.Time { return time.Unix(935467445, 787492500) }}
	in := strings.NewReader("starting\nready\n")
	if err := tai64.Stamp(os.Stdout, in, c); err != nil {
		log.Fatal(err)
	}
	// Output:
	// @4000000037c219bf2ef02e94 starting
	// @4000000037c219bf2ef02e95 ready
}

func ExampleLocal() {
	z, err := tai64.LoadZone("CST6CDT,M3.2.0,M11.1.0")
	if err != nil {
		log.Fatal(err)
	}
	in := strings.NewReader("@4000000037c219bf2ef02e94 starting\nnot stamped\n")
	if err := tai64.Local(os.Stdout, in, z); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1999-08-23 23:04:05.787492500 starting
	// not stamped
}

func ExampleClock() {
	now := time.Unix(1000000000, 0)
	c := &tai64.Clock{Now: func() time.Time { return now }}
	for range 2 {
		fmt.Println(c.Next())
	}
	now = now.Add(-time.Second / 2) // somebody sets the clock
	c.Read()
	fmt.Println(c.Next())
	// Output:
	// @400000003b9aca0a00000000
	// @400000003b9aca0a00000001
	// @400000003b9aca0a00000002
}

func ExampleStamper() {
	s := tai64.NewStamper(&tai64.Clock{Now: func() time.Time { return time.Unix(1000000000, 0) }})
	line := s.Append(nil)
	line = append(line, "hello"...)
	fmt.Println(string(line))
	// Output: @400000003b9aca0a00000000 hello
}

func ExampleLeapTable() {
	newYear := time.Date(2017, time.January, 1, 0, 0, 0, 0, time.UTC)
	usual, exact := tai64.At(newYear), tai64.Leaps.At(newYear)
	fmt.Println(usual, exact, exact.Sec-usual.Sec)

	t, leap := tai64.Leaps.Time(exact.Add(-time.Second))
	fmt.Println(t, "leap second:", leap)
	// Output:
	// @400000005868468a00000000 @40000000586846a500000000 27
	// 2016-12-31 23:59:59 +0000 UTC leap second: true
}

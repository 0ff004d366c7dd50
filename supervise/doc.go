// Package supervise keeps a service running, and speaks with the supervise of
// any service: it knows the files of the control directory as daemontools
// 0.76 lays them out, so that its readers and writers, those of 0.76 and those
// of daemontools-encore can be mixed.
//
// Nothing in it belongs to the whole process: no working directory, no umask,
// no signal is changed, so that one process can hold many services.
//
// # The control directory
//
//	lock     held by flock(2) as long as a supervise runs
//	ok       a FIFO that has a reader as long as a supervise runs
//	control  a FIFO that takes commands, a byte each
//	status   a record of the service's state, see [Status]
//
// It is the folder supervise of the service directory, unless the environment
// variable SUPERVISEDIR says otherwise, see [ControlDir].
package supervise

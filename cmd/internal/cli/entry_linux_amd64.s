#include "textflag.h"

// The stack is as the kernel leaves it, with argc on top, and has to be so
// again at the jump. Nothing of Go may be used yet but memory. See entry.go.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	SUBQ $64, SP // room for a sigaction, a signal set or a limit

	XORL R12, R12 // the set of ignored signals
	MOVL $1, R13
signal:
	MOVQ R13, DI
	XORL SI, SI
	MOVQ SP, DX
	MOVL $8, R10
	MOVL $13, AX // rt_sigaction(R13, NULL, SP, 8)
	SYSCALL
	TESTQ AX, AX
	JNE  nextsignal
	CMPQ 0(SP), $1 // SIG_IGN
	JNE  nextsignal
	LEAQ -1(R13), CX
	BTSQ CX, R12
nextsignal:
	INCQ R13
	CMPQ R13, $64
	JLE  signal
	MOVQ R12, ·ignored(SB)

	XORL DI, DI
	XORL SI, SI
	MOVQ SP, DX
	MOVL $8, R10
	MOVL $14, AX // rt_sigprocmask(SIG_BLOCK, NULL, SP, 8)
	SYSCALL
	MOVQ 0(SP), AX
	MOVQ AX, ·blocked(SB)

	XORL R12, R12 // the set of closed descriptors
	XORL R13, R13
descriptor:
	MOVQ R13, DI
	MOVL $1, SI
	MOVL $72, AX // fcntl(R13, F_GETFD)
	SYSCALL
	CMPQ AX, $-9 // EBADF
	JNE  nextdescriptor
	BTSQ R13, R12
nextdescriptor:
	INCQ R13
	CMPQ R13, $3
	JLT  descriptor
	MOVQ R12, ·closed(SB)

	XORL R13, R13 // index of a limit
limit:
	XORL DI, DI
	LEAQ ·raisable(SB), R12
	MOVQ (R12)(R13*8), SI
	XORL DX, DX
	MOVQ SP, R10
	MOVL $302, AX // prlimit64(0, raisable[R13], NULL, SP)
	SYSCALL
	TESTQ AX, AX
	JNE  nextlimit
	MOVQ 0(SP), AX
	MOVQ 8(SP), CX
	CMPQ AX, CX
	JCC  nextlimit // the soft limit is the hard one
	LEAQ ·lowered(SB), R12
	MOVQ AX, (R12)(R13*8)
	MOVQ CX, 0(SP)
	XORL DI, DI
	LEAQ ·raisable(SB), R12
	MOVQ (R12)(R13*8), SI
	MOVQ SP, DX
	XORL R10, R10
	MOVL $302, AX // prlimit64(0, raisable[R13], SP, NULL)
	SYSCALL
	MOVQ ·raised(SB), CX
	BTSQ R13, CX
	MOVQ CX, ·raised(SB)
nextlimit:
	INCQ R13
	CMPQ R13, $3
	JLT  limit

	MOVQ 72(SP), R12 // the command's name, 0 if there is none
	TESTQ R12, R12
	JEQ  named
	MOVQ R12, R13
letter:
	CMPB 0(R13), $0
	JEQ  lastletter
	INCQ R13
	JMP  letter
lastletter:
	SUBQ $8, R13
	CMPQ R13, R12
	JCS  named
	MOVQ $0x676f6c69746c756d, AX // "multilog"
	CMPQ 0(R13), AX
	JNE  named
	MOVL $30, DI
	MOVL $157, AX // prctl(PR_GET_TIMERSLACK)
	SYSCALL
	CMPQ AX, $1
	JLT  named // a realtime process has none
	CMPQ AX, $500000
	JGE  named
	MOVL $29, DI
	MOVL $500000, SI
	MOVL $157, AX // prctl(PR_SET_TIMERSLACK, 500000)
	SYSCALL
named:

	MOVQ $1, ·entered(SB)
	ADDQ $64, SP

	// Behind argc are the arguments, a zero, the environment, a zero. All
	// before the last zero moves down by one word.
	MOVQ 0(SP), CX
	LEAQ 8(SP)(CX*8), R12
variable:
	ADDQ $8, R12
	CMPQ 0(R12), $0
	JNE  variable
	MOVQ SP, R13
	SUBQ $8, SP
move:
	MOVQ (R13), AX
	MOVQ AX, -8(R13)
	ADDQ $8, R13
	CMPQ R13, R12
	JCS  move
	LEAQ ·processors(SB), AX
	MOVQ AX, -8(R12)
	MOVQ $1, ·appended(SB)
	JMP  _rt0_amd64_linux(SB)

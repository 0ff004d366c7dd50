#include "textflag.h"

// The stack is as the kernel leaves it, with argc on top, and has to be so
// again at the jump. Nothing of Go may be used yet but memory. See entry.go.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	SUB $64, RSP // room for a sigaction, a signal set or a limit

	MOVD ZR, R19 // the set of ignored signals
	MOVD $1, R20
signal:
	MOVD R20, R0
	MOVD ZR, R1
	MOVD RSP, R2
	MOVD $8, R3
	MOVD $134, R8 // rt_sigaction(R20, NULL, RSP, 8)
	SVC
	CBNZ R0, nextsignal
	MOVD 0(RSP), R4
	CMP  $1, R4 // SIG_IGN
	BNE  nextsignal
	SUB  $1, R20, R5
	MOVD $1, R6
	LSL  R5, R6, R6
	ORR  R6, R19, R19
nextsignal:
	ADD  $1, R20, R20
	CMP  $64, R20
	BLE  signal
	MOVD R19, ·ignored(SB)

	MOVD ZR, R0
	MOVD ZR, R1
	MOVD RSP, R2
	MOVD $8, R3
	MOVD $135, R8 // rt_sigprocmask(SIG_BLOCK, NULL, RSP, 8)
	SVC
	MOVD 0(RSP), R4
	MOVD R4, ·blocked(SB)

	MOVD ZR, R19 // the set of closed descriptors
	MOVD ZR, R20
descriptor:
	MOVD R20, R0
	MOVD $1, R1
	MOVD $25, R8 // fcntl(R20, F_GETFD)
	SVC
	CMN  $9, R0 // -EBADF
	BNE  nextdescriptor
	MOVD $1, R6
	LSL  R20, R6, R6
	ORR  R6, R19, R19
nextdescriptor:
	ADD  $1, R20, R20
	CMP  $3, R20
	BLT  descriptor
	MOVD R19, ·closed(SB)

	MOVD ZR, R19 // the set of raised limits
	MOVD ZR, R20 // index of a limit
limit:
	MOVD ZR, R0
	MOVD $·raisable(SB), R7
	MOVD (R7)(R20<<3), R1
	MOVD ZR, R2
	MOVD RSP, R3
	MOVD $261, R8 // prlimit64(0, raisable[R20], NULL, RSP)
	SVC
	CBNZ R0, nextlimit
	MOVD 0(RSP), R4
	MOVD 8(RSP), R5
	CMP  R5, R4
	BHS  nextlimit // the soft limit is the hard one
	MOVD $·lowered(SB), R7
	MOVD R4, (R7)(R20<<3)
	MOVD R5, 0(RSP)
	MOVD ZR, R0
	MOVD $·raisable(SB), R7
	MOVD (R7)(R20<<3), R1
	MOVD RSP, R2
	MOVD ZR, R3
	MOVD $261, R8 // prlimit64(0, raisable[R20], RSP, NULL)
	SVC
	MOVD $1, R6
	LSL  R20, R6, R6
	ORR  R6, R19, R19
nextlimit:
	ADD  $1, R20, R20
	CMP  $3, R20
	BLT  limit
	MOVD R19, ·raised(SB)

	MOVD 72(RSP), R19 // the command's name, 0 if there is none
	CBZ  R19, named
	MOVD R19, R20
letter:
	MOVBU (R20), R4
	CBZ  R4, lastletter
	ADD  $1, R20, R20
	B    letter
lastletter:
	SUB  $8, R20, R20
	CMP  R19, R20
	BLO  named
	MOVD (R20), R4
	MOVD $0x676f6c69746c756d, R5 // "multilog"
	CMP  R5, R4
	BNE  named
	MOVD $30, R0
	MOVD $167, R8 // prctl(PR_GET_TIMERSLACK)
	SVC
	CMP  $1, R0
	BLT  named // a realtime process has none
	MOVD $500000, R1
	CMP  R1, R0
	BGE  named
	MOVD $29, R0
	MOVD $167, R8 // prctl(PR_SET_TIMERSLACK, 500000)
	SVC
named:

	MOVD $1, R4
	MOVD R4, ·entered(SB)
	ADD  $64, RSP

	// Behind argc are the arguments, a zero, the environment, a zero. All
	// before the last zero moves down, by two words: the stack pointer has to
	// be a multiple of 16. So the variable is there twice.
	MOVD 0(RSP), R4
	ADD  $8, RSP, R19
	ADD  R4<<3, R19, R19
variable:
	ADD  $8, R19, R19
	MOVD (R19), R4
	CBNZ R4, variable
	MOVD RSP, R4
	SUB  $16, RSP
move:
	MOVD (R4), R7
	MOVD R7, -16(R4)
	ADD  $8, R4, R4
	CMP  R19, R4
	BLO  move
	MOVD $·processors(SB), R20
	MOVD R20, -16(R19)
	MOVD R20, -8(R19)
	MOVD $2, R4
	MOVD R4, ·appended(SB)
	JMP  _rt0_arm64_linux(SB)

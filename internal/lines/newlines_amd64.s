#include "textflag.h"

// func newlines(ends []uint64, text []byte)
//
// Each 16 bytes are compared at once, and of each byte of the result the highest bit
// is taken: SSE2, which every amd64 has.
TEXT ·newlines(SB), NOSPLIT, $0-48
	MOVQ ends_base+0(FP), DI
	MOVQ ends_len+8(FP), CX
	MOVQ text_base+24(FP), SI
	MOVQ $0x0a0a0a0a0a0a0a0a, AX
	MOVQ AX, X0
	PUNPCKLQDQ X0, X0
	TESTQ CX, CX
	JZ   done
next:
	MOVOU (SI), X1
	MOVOU 16(SI), X2
	MOVOU 32(SI), X3
	MOVOU 48(SI), X4
	PCMPEQB X0, X1
	PCMPEQB X0, X2
	PCMPEQB X0, X3
	PCMPEQB X0, X4
	PMOVMSKB X1, AX
	PMOVMSKB X2, BX
	PMOVMSKB X3, DX
	PMOVMSKB X4, R8
	SHLQ $16, BX
	SHLQ $32, DX
	SHLQ $48, R8
	ORQ  BX, AX
	ORQ  R8, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  next
done:
	RET

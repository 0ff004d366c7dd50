#include "textflag.h"

// func newlines(ends []uint64, text []byte)
//
// Each 16 bytes are compared at once, of each byte of the result the bit of its place
// among eight is kept, and neighbours are added three times: 64 bytes become eight.
TEXT ·newlines(SB), NOSPLIT, $0-48
	MOVD ends_base+0(FP), R0
	MOVD ends_len+8(FP), R2
	MOVD text_base+24(FP), R1
	MOVD $0x0a, R3
	VDUP R3, V0.B16
	MOVD $0x8040201008040201, R3
	VDUP R3, V5.D2
	CBZ  R2, done
next:
	VLD1.P 64(R1), [V1.B16, V2.B16, V3.B16, V4.B16]
	VCMEQ V0.B16, V1.B16, V1.B16
	VCMEQ V0.B16, V2.B16, V2.B16
	VCMEQ V0.B16, V3.B16, V3.B16
	VCMEQ V0.B16, V4.B16, V4.B16
	VAND  V5.B16, V1.B16, V1.B16
	VAND  V5.B16, V2.B16, V2.B16
	VAND  V5.B16, V3.B16, V3.B16
	VAND  V5.B16, V4.B16, V4.B16
	VADDP V2.B16, V1.B16, V1.B16
	VADDP V4.B16, V3.B16, V3.B16
	VADDP V3.B16, V1.B16, V1.B16
	VADDP V1.B16, V1.B16, V1.B16
	VMOV  V1.D[0], R3
	MOVD.P R3, 8(R0)
	SUBS $1, R2, R2
	BNE  next
done:
	RET

// Start-up of every Cortex-M: vectors, FPU, .data and .bss, main(). Runs on ARMv6-M and later.
        .syntax unified
        .thumb

        .section .vectors, "a"
        .word   __stack_top
        .word   Reset_Handler
        .word   Default_Handler         // NMI
        .word   HardFault_Handler
        .rept   12
        .word   Default_Handler
        .endr

        .text
        .thumb_func
        .type   Reset_Handler, %function
        .global Reset_Handler
Reset_Handler:
#if __ARM_ARCH_6M__
        // CCR.UNALIGN_TRP: ARMv6-M faults on unaligned accesses; where a larger core runs this code, make it fault too.
        ldr     r0, =0xe000ed14
        ldr     r1, [r0]
        movs    r2, #8
        orrs    r1, r2
        str     r1, [r0]
#endif
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
        ldr     r0, =0xe000ed88         // CPACR: full access to the FPU and the vector unit
        ldr     r1, [r0]
        orr     r1, r1, #0x00f00000
        str     r1, [r0]
        dsb
        isb
#endif
#ifdef __ARM_FEATURE_MVE
        ldr     r0, =0xe000ed14         // CCR.LOB: low-overhead loops are kept in the branch cache
        ldr     r1, [r0]
        orr     r1, r1, #0x00080000
        str     r1, [r0]
        dsb
        isb
#endif
        ldr     r0, =__data_start
        ldr     r1, =__data_end
        ldr     r2, =__data_load
1:      cmp     r0, r1
        bhs     2f
        ldr     r3, [r2]
        str     r3, [r0]
        adds    r0, #4
        adds    r2, #4
        b       1b
2:      ldr     r0, =__bss_start
        ldr     r1, =__bss_end
        movs    r2, #0
3:      cmp     r0, r1
        bhs     4f
        str     r2, [r0]
        adds    r0, #4
        b       3b
4:      bl      main
5:      wfi
        b       5b
        .size   Reset_Handler, . - Reset_Handler

// A semihosting call without a host ends here: answer -1 and go on, so that the same image runs on a bare board.
// Any other fault ends the program through semihosting: SYS_EXIT, run-time error.
        .thumb_func
        .type   HardFault_Handler, %function
HardFault_Handler:
        mov     r0, sp
        ldr     r1, [r0, #24]           // stacked program counter
        ldrh    r2, [r1]
        ldr     r3, =0xbeab             // BKPT 0xAB
        cmp     r2, r3
        bne     Default_Handler
        adds    r1, #2
        str     r1, [r0, #24]
        movs    r2, #0
        mvns    r2, r2
        str     r2, [r0]                // stacked r0
        bx      lr
        .size   HardFault_Handler, . - HardFault_Handler

        .thumb_func
        .type   Default_Handler, %function
Default_Handler:
        movs    r0, #0x18
        ldr     r1, =0x20023
        bkpt    0xab
6:      b       6b
        .size   Default_Handler, . - Default_Handler

// The measured windows: counting tools look for these symbols. Empty, and in a file of their own kind so that no
// compiler inlines or merges them.
        .macro  mark name
        .thumb_func
        .type   \name, %function
        .global \name
\name:
        bx      lr
        .size   \name, . - \name
        .endm

        mark    mote_setup_begin
        mark    mote_setup_end
        mark    mote_mark_begin
        mark    mote_mark_end

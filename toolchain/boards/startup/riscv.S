// Start-up of a 32-bit RISC-V: stack, .data and .bss, main(). Runs in machine mode.
        .option arch, +zicsr
        .section .vectors, "ax"
        .global _start
        .type   _start, @function
_start:
        la      sp, __stack_top
        la      t0, Trap_Handler
        csrw    mtvec, t0
        la      a0, __data_start
        la      a1, __data_end
        la      a2, __data_load
1:      bgeu    a0, a1, 2f
        lw      a3, 0(a2)
        sw      a3, 0(a0)
        addi    a0, a0, 4
        addi    a2, a2, 4
        j       1b
2:      la      a0, __bss_start
        la      a1, __bss_end
3:      bgeu    a0, a1, 4f
        sw      zero, 0(a0)
        addi    a0, a0, 4
        j       3b
4:      call    main
5:      wfi
        j       5b
        .size   _start, . - _start

        .text
// A semihosting call without a host traps here: answer -1 and go on, so that the same image runs on a bare board. Any
// other trap ends the program through semihosting: SYS_EXIT, run-time error.
        .balign 4
        .type   Trap_Handler, @function
Trap_Handler:
        csrr    t0, mcause
        li      t1, 3                   // breakpoint
        bne     t0, t1, 6f
        csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        li      a0, -1
        mret
6:      li      a0, 0x18
        li      a1, 0x20023
        call    mote_semihosting
7:      j       7b
        .size   Trap_Handler, . - Trap_Handler

// int mote_semihosting(operation, argument): the host knows a semihosting EBREAK by the instructions around it, which
// must be 32-bit ones and lie in one page. Source: RISC-V Semihosting specification, section 2.1.
        .balign 16
        .global mote_semihosting
        .type   mote_semihosting, @function
mote_semihosting:
        .option push
        .option norvc
        slli    zero, zero, 0x1f
        ebreak
        srai    zero, zero, 7
        .option pop
        ret
        .size   mote_semihosting, . - mote_semihosting

// The measured windows: counting tools look for these symbols. Empty, and in a file of their own kind so that no
// compiler inlines or merges them.
        .macro  mark name
        .global \name
        .type   \name, @function
\name:
        ret
        .size   \name, . - \name
        .endm

        mark    mote_setup_begin
        mark    mote_setup_end
        mark    mote_mark_begin
        mark    mote_mark_end

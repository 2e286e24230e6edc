// Start-up of an AVR: stack, .data and .bss, main(). No interrupt is enabled, so the reset vector stands alone.
#define SPL 0x3d
#define SPH 0x3e
#define SREG 0x3f
#define RAMPZ 0x3b

        .section .vectors, "ax", @progbits
        .global __vectors
__vectors:
        jmp     __reset

        .text
        // The compiler asks for these two by name; without them the library's would be linked.
        .global __do_copy_data, __do_clear_bss
        .type   __reset, @function
__reset:
        clr     r1
        out     SREG, r1
        ldi     r28, lo8(__stack_top - 1)
        ldi     r29, hi8(__stack_top - 1)
        out     SPH, r29
        out     SPL, r28
__do_copy_data:
        ldi     r26, lo8(__data_start)
        ldi     r27, hi8(__data_start)
        ldi     r30, lo8(__data_load)
        ldi     r31, hi8(__data_load)
        ldi     r17, hi8(__data_end)
#ifdef __AVR_HAVE_ELPM__
        ldi     r16, hh8(__data_load)
        out     RAMPZ, r16
#endif
        rjmp    2f
1:
#ifdef __AVR_HAVE_ELPM__
        elpm    r0, Z+
#else
        lpm     r0, Z+
#endif
        st      X+, r0
2:      cpi     r26, lo8(__data_end)
        cpc     r27, r17
        brne    1b
__do_clear_bss:
        ldi     r17, hi8(__bss_end)
        rjmp    4f
3:      st      X+, r1
4:      cpi     r26, lo8(__bss_end)
        cpc     r27, r17
        brne    3b
        call    main
5:      rjmp    5b
        .size   __reset, . - __reset

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

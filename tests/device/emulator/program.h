// What a test program on the emulator gives and gets.
#pragma once
#include <stdint.h>

int run_program();  // the test: returns the exit status

void print(const char* text);
void print_number(int32_t value);
[[noreturn]] void leave(int status);

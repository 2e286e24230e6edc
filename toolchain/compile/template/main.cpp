// Sets the model up between mote_setup_begin and mote_setup_end, runs it twice on zeros, with mote_mark_begin and
// mote_mark_end around the second inference, then on every row of the file mote-input.bin if there is one, and reports
// through semihosting.
#include "firmware.h"
#include "semihosting.h"

extern "C" {
void mote_setup_begin();
void mote_setup_end();
void mote_mark_begin();
void mote_mark_end();
extern uint32_t __bss_end[];
extern uint32_t __stack_top[];
}

namespace {

using mote::Status;

constexpr uint32_t kPaint = 0x5eed5eedu;
constexpr uint32_t kPaintMargin = 16;  // words below paint_stack's own frame that stay unpainted

// mote-input.bin: these fields, then the rows. mote-output.bin: the outputs of each row, back to back.
struct InputHeader {
  uint32_t readings;  // 1: a row is a window of int16 readings; 0: it is the bytes of all model inputs
  uint32_t rows;
};

void print_number(const char* name, int32_t value) {
  char text[12];
  char* digit = text + sizeof text;
  *--digit = 0;
  uint32_t rest = value < 0 ? 0u - static_cast<uint32_t>(value) : static_cast<uint32_t>(value);
  do {
    *--digit = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) *--digit = '-';
  semihosting::print(name);
  semihosting::print(" ");
  semihosting::print(digit);
  semihosting::print("\n");
}

// noinline: its frame must lie below the one whose stack is measured.
__attribute__((noinline)) void paint_stack() {
  volatile uint32_t* const end = reinterpret_cast<uint32_t*>(__builtin_frame_address(0)) - kPaintMargin;
  for (volatile uint32_t* word = __bss_end; word < end; ++word) *word = kPaint;
}

int32_t stack_bytes() {
  const volatile uint32_t* word = __bss_end;
  while (word < __stack_top && *word == kPaint) ++word;
  return static_cast<int32_t>((__stack_top - word) * sizeof(uint32_t));
}

// Calls visit(memory, bytes) for every model input.
template <class Visit>
bool visit_inputs(Visit visit) {
  for (int32_t i = 0; i < mote::firmware_input_count(); ++i) {
    const mote::TensorView input = mote::firmware_input(i);
    if (!visit(input.data, static_cast<uint32_t>(input.bytes))) return false;
  }
  return true;
}

bool zero(void* to, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) static_cast<volatile uint8_t*>(to)[i] = 0;
  return true;
}

// `input` is where the model's features go when it is fed readings; its look-up in the file is no part of an inference.
Status infer(bool readings, void* input) {
  if (readings) mote::firmware_features(input);
  return mote::firmware_invoke();
}

// From one result to the next: the readings between them, one slice after the other, and the model.
Status infer_next_window(void* input) {
  do mote::firmware_push(static_cast<int32_t>(mote::firmware_slice()));
  while (!mote::firmware_ready());
  return infer(true, input);
}

// Two inferences of zeros, the second between the marks. Inputs may share memory with what an inference overwrites.
Status measured_inferences() {
  const bool readings = mote::firmware_channels() > 0;
  void* const input = mote::firmware_input(0).data;
  if (!readings) visit_inputs(zero);
  const Status first = readings ? infer_next_window(input) : infer(false, input);
  if (first != Status::ok) return first;
  if (!readings) visit_inputs(zero);
  mote_mark_begin();
  const Status second = readings ? infer_next_window(input) : infer(false, input);
  mote_mark_end();
  return second;
}

// A window of readings through the feature block.
bool feed_window(int32_t file) {
  mote::firmware_reset();
  const uint32_t reading_bytes = mote::firmware_channels() * static_cast<uint32_t>(sizeof(int16_t));
  for (uint32_t left = mote::firmware_window(); left > 0;) {
    const uint32_t count = left < mote::firmware_slice() ? left : mote::firmware_slice();
    if (semihosting::read(file, mote::firmware_readings(), count * reading_bytes) != 0) return false;
    if (!mote::firmware_ready()) mote::firmware_push(static_cast<int32_t>(count));
    left -= count;
  }
  return mote::firmware_ready();
}

bool write_outputs(int32_t file) {
  for (int32_t i = 0; i < mote::firmware_output_count(); ++i) {
    const mote::TensorView output = mote::firmware_output(i);
    if (semihosting::write(file, output.data, static_cast<uint32_t>(output.bytes)) != 0) return false;
  }
  return true;
}

// Rows done before the first that failed.
uint32_t run_rows(int32_t input, int32_t output) {
  InputHeader header;
  if (semihosting::read(input, &header, sizeof header) != 0) return 0;
  if (mote::firmware_init() != Status::ok) return 0;  // forgets what the measured inferences left in the model's state
  const bool readings = header.readings != 0;
  for (uint32_t row = 0; row < header.rows; ++row) {
    const bool filled =
        readings ? feed_window(input)
                 : visit_inputs([input](void* to, uint32_t bytes) { return semihosting::read(input, to, bytes) == 0; });
    if (!filled || infer(readings, mote::firmware_input(0).data) != Status::ok || !write_outputs(output)) return row;
  }
  return header.rows;
}

// noinline: what it needs of the stack is no part of an inference's.
__attribute__((noinline)) void run_test_set() {
  const int32_t input = semihosting::open("mote-input.bin", 14, semihosting::kReadBinary);
  if (input < 0) return;
  const int32_t output = semihosting::open("mote-output.bin", 15, semihosting::kWriteBinary);
  print_number("rows", output < 0 ? 0 : static_cast<int32_t>(run_rows(input, output)));
  semihosting::close(output);
  semihosting::close(input);
}

}  // namespace

int main() {
  paint_stack();
  mote_setup_begin();
  Status status = mote::firmware_init();
  mote_setup_end();
  if (status == Status::ok) status = measured_inferences();
  print_number("stack", stack_bytes());
  print_number("status", static_cast<int32_t>(status));
  print_number("failed_operator", mote::firmware_failed_operator());
  print_number("arena", static_cast<int32_t>(mote::firmware_arena_used()));
  if (status == Status::ok) run_test_set();
  semihosting::exit();
  return 0;
}

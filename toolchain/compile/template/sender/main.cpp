// Sends a simulated sensor to `mote data record` over the UART of the emulated board (QEMU's mps2-an386): three axes
// that rise and fall evenly. Frames when built with -DSEND_FRAMES=1, else lines. Its clock counts readings, so an
// emulator that is kept waiting slows the sensor down and leaves nothing out.
#ifndef SEND_FRAMES
#define SEND_FRAMES 0
#endif

#include "sensor_frame.h"

namespace {

constexpr uint32_t kRateHz = 100;
constexpr uint8_t kChannels = 3;
constexpr char kNames[] = "ax [g],ay [g],az [g]";
constexpr int32_t kCountsPerUnit = 8192;

// CMSDK APB UART, Arm document 101104, section 4.3.
struct Uart {
  volatile uint32_t data, state, control, interrupts, divider;
};
constexpr uint32_t kSendFull = 1, kReceiveFull = 2;      // of state
constexpr uint32_t kSendEnable = 1, kReceiveEnable = 2;  // of control
// SysTick, ARMv7-M.
struct SysTick {
  volatile uint32_t control, reload, value;
};
constexpr uint32_t kTickEnable = 7;  // of the processor's clock; asks for an interrupt
constexpr uint32_t kTickPassed = 1u << 16;
constexpr uint32_t kClockHz = 25000000;

Uart& uart() {
  return *reinterpret_cast<Uart*>(0x40004000);
}
SysTick& tick() {
  return *reinterpret_cast<SysTick*>(0xe000e010);
}

// Sleeps until the next tick: a masked interrupt wakes the processor, and is taken back instead of served.
void sleep() {
  constexpr uint32_t kClearTick = 1u << 25;
  volatile uint32_t& interrupt_state = *reinterpret_cast<uint32_t*>(0xe000ed04);
  __asm__ volatile("wfi");
  interrupt_state = kClearTick;
}

void send(uint8_t byte) {
  while ((uart().state & kSendFull) != 0) {
  }
  uart().data = byte;
}

// A wave that rises and falls: 1 g to -1 g to 1 g.
int16_t reading(uint32_t index, uint8_t channel) {
  const auto saw = static_cast<int16_t>(index * 256 * (channel + 1u));
  return static_cast<int16_t>((saw < 0 ? -(saw + 1) : saw) / 2 - kCountsPerUnit);
}

#if SEND_FRAMES

constexpr uint8_t kReadingsInFrame = 5;
constexpr uint16_t kFramesToDescription = 20;
mote::SensorFrame frame;
uint16_t frame_number = 0;
uint8_t readings_in_frame = 0;

void send_frame() {
  const uint16_t size = frame.finish();
  for (uint16_t i = 0; i < size; ++i) send(frame.bytes()[i]);
}

void describe() {
  const float scales[kChannels] = {kCountsPerUnit, kCountsPerUnit, kCountsPerUnit};
  frame.begin_description(frame_number, 1000000 / kRateHz, kChannels, scales, kNames);
  send_frame();
}

void send_reading(uint32_t index) {
  if (readings_in_frame == 0) {
    if (frame_number % kFramesToDescription == 0) describe();
    frame.begin_readings(frame_number, index * (1000000 / kRateHz), kChannels);
  }
  for (uint8_t i = 0; i < kChannels; ++i) frame.put_count(reading(index, i));
  if (++readings_in_frame < kReadingsInFrame) return;
  send_frame();
  ++frame_number;
  readings_in_frame = 0;
}

bool may_describe() {
  return readings_in_frame == 0;
}

#else

void send_text(const char* text) {
  for (; *text != 0; ++text) send(static_cast<uint8_t>(*text));
}

void describe() {
  send_text(kNames);
  send_text("\r\n");
}

// In g, four decimals.
void send_value(int32_t count) {
  if (count < 0) send('-');
  const uint32_t value = static_cast<uint32_t>(count < 0 ? -count : count) * 10000u / kCountsPerUnit;
  send(static_cast<uint8_t>('0' + value / 10000));
  send('.');
  for (uint32_t unit = 1000; unit > 0; unit /= 10) send(static_cast<uint8_t>('0' + value / unit % 10));
}

void send_reading(uint32_t index) {
  for (uint8_t i = 0; i < kChannels; ++i) {
    if (i > 0) send(',');
    send_value(reading(index, i));
  }
  send_text("\r\n");
}

bool may_describe() {
  return true;
}

#endif

}  // namespace

int main() {
  __asm__ volatile("cpsid i");
  uart().divider = 16;
  uart().control = kSendEnable | kReceiveEnable;
  tick().reload = kClockHz / kRateHz - 1;
  tick().value = 0;
  tick().control = kTickEnable;
  describe();
  for (uint32_t index = 0;; sleep()) {
    if (may_describe() && (uart().state & kReceiveFull) != 0 && uart().data == mote::kFrameRequest) describe();
    if ((tick().control & kTickPassed) != 0) send_reading(index++);
  }
}

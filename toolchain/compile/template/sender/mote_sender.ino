// Sends the readings of a sensor to `mote data record`. Works on any Arduino board as it is (three analog inputs);
// change the four places marked CHANGE for your sensor.
//
//   mote data record --port /dev/ttyACM0 --label idle
//
// As lines (SEND_FRAMES 0) the readings can also be seen in the serial monitor and plotter. As frames (SEND_FRAMES 1)
// they take a third of the bytes, carry the board's time, and a reading that was lost is noticed.
#ifndef SEND_FRAMES
#define SEND_FRAMES 0
#endif

#include "sensor_frame.h"

// CHANGE: how often, how many channels, their names (units in brackets), and how many counts make one unit.
constexpr uint32_t kPeriodMicroseconds = 10000;  // 100 Hz
constexpr uint8_t kChannels = 3;
const char kNames[] = "a0,a1,a2";
const float kCountsPerUnit[kChannels] = {1, 1, 1};
constexpr uint32_t kBaud = 115200;
constexpr uint8_t kDecimals = 4;  // of a printed number

// CHANGE: set the sensor up. On a Nano 33 BLE Sense: IMU.begin(), after #include <Arduino_LSM9DS1.h>
void beginSensor() {}

// CHANGE: one reading as counts; false when there is none yet. On a Nano 33 BLE Sense, with 8192 counts for 1 g:
//   float x, y, z;
//   if (!IMU.accelerationAvailable() || !IMU.readAcceleration(x, y, z)) return false;
//   counts[0] = x * 8192; counts[1] = y * 8192; counts[2] = z * 8192;
bool readSensor(int16_t* counts) {
  counts[0] = analogRead(A0);
  counts[1] = analogRead(A1);
  counts[2] = analogRead(A2);
  return true;
}

uint32_t nextReading = 0;

#if SEND_FRAMES

constexpr uint8_t kReadingsInFrame = 5;
constexpr uint16_t kFramesToDescription = 20;
mote::SensorFrame frame;
uint16_t frameNumber = 0;
uint8_t readingsInFrame = 0;

void sendFrame() {
  const uint16_t size = frame.finish();
  Serial.write(frame.bytes(), size);
}

// Only between two frames of readings: the frame is one buffer.
void describe() {
  frame.begin_description(frameNumber, kPeriodMicroseconds, kChannels, kCountsPerUnit, kNames);
  sendFrame();
}

void sendReading(const int16_t* counts, uint32_t now) {
  if (readingsInFrame == 0) {
    if (frameNumber % kFramesToDescription == 0) describe();
    frame.begin_readings(frameNumber, now, kChannels);
  }
  for (uint8_t i = 0; i < kChannels; ++i) frame.put_count(counts[i]);
  if (++readingsInFrame < kReadingsInFrame && frame.has_room(kChannels)) return;
  sendFrame();
  ++frameNumber;
  readingsInFrame = 0;
}

bool mayDescribe() {
  return readingsInFrame == 0;
}

#else

void describe() {
  Serial.println(kNames);
}

void sendReading(const int16_t* counts, uint32_t) {
  for (uint8_t i = 0; i < kChannels; ++i) {
    if (i > 0) Serial.print(',');
    Serial.print(counts[i] / kCountsPerUnit[i], kDecimals);
  }
  Serial.println();
}

bool mayDescribe() {
  return true;
}

#endif

void setup() {
  Serial.begin(kBaud);
  beginSensor();
  describe();
  nextReading = micros();
}

void loop() {
  if (mayDescribe() && Serial.available() > 0 && Serial.read() == mote::kFrameRequest) describe();
  const uint32_t now = micros();
  if (static_cast<int32_t>(now - nextReading) < 0) return;
  int16_t counts[kChannels];
  if (!readSensor(counts)) return;
  sendReading(counts, now);
  nextReading += kPeriodMicroseconds;
  // Fell behind by more than a period: from here on.
  if (static_cast<int32_t>(micros() - nextReading) > static_cast<int32_t>(kPeriodMicroseconds)) nextReading = micros();
}

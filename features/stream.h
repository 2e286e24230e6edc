// Readings in, a slice at a time; the features of a window out, whenever one is complete. A row that later windows
// have too is computed once.
//
// A block makes a row of `kColumns` numbers of each frame of `kFrame` readings; frames begin `kHop` readings apart, and
// a window has `kRows` of them. Windows begin `kStride` readings apart: a multiple of kHop, or at least kRows * kHop.
// `Block` is what the toolchain writes for a model:
//   static constexpr int32_t kChannels, kFrame, kHop, kRows, kColumns, kStride, kScratchBytes;
//   using Stored = int8_t or int16_t;              what a row is kept as
//   static void row(const int16_t* frame, unsigned char* scratch, Stored* row);
//   static void finish(Stored* rows, int8_t* features);   kRows rows, oldest first, to the model's input
#pragma once
#include <stdint.h>

namespace mote {

template <class T>
inline void move_down(T* to, const T* from, int32_t count) {
  for (int32_t i = 0; i < count; ++i) to[i] = from[i];
}

// Starts empty in static storage; elsewhere reset() comes first. (A constructor would have to run on the device.)
template <class Block>
class FeatureStream {
 public:
  // Forgets all readings.
  void reset() { filled_ = rows_done_ = skip_ = 0; }

  // Takes readings (int16 counts, Block::kChannels each) up to the end of a window; gives how many. When ready() is
  // true then, finish() has the features of that window until the next push().
  int32_t push(const int16_t* readings, int32_t count) {
    if (ready()) begin_next_window();
    int32_t taken = 0;
    while (taken < count && !ready()) {
      const int32_t n = push_some(readings + taken * Block::kChannels, count - taken);
      taken += n;
    }
    return taken;
  }
  bool ready() const { return rows_done_ == Block::kRows; }
  void finish(int8_t* features) { Block::finish(rows_, features); }

 private:
  // Without either, skip_ stays 0: the compiler is to know.
  static constexpr bool kSkips = Block::kHop > Block::kFrame || Block::kStride > Block::kRows* Block::kHop;

  int32_t push_some(const int16_t* readings, int32_t count) {
    if (kSkips && skip_ > 0) {
      const int32_t n = skip_ < count ? skip_ : count;
      skip_ -= n;
      return n;
    }
    if (Block::kFrame == 1 || (filled_ == 0 && count >= Block::kFrame)) {  // in place
      add_row(readings);
      const int32_t n = Block::kHop < Block::kFrame ? Block::kHop : Block::kFrame;
      if (kSkips) skip_ = Block::kHop - n;
      return n;
    }
    const int32_t room = Block::kFrame - filled_, n = room < count ? room : count;
    move_down(frame_ + filled_ * Block::kChannels, readings, n * Block::kChannels);
    filled_ += n;
    if (filled_ == Block::kFrame) {
      add_row(frame_);
      advance(Block::kHop);
    }
    return n;
  }
  void add_row(const int16_t* frame) { Block::row(frame, scratch_, rows_ + Block::kColumns * rows_done_++); }
  // Drops the oldest `readings` of the frame, those that have not come yet too.
  void advance(int32_t readings) {
    const int32_t dropped = readings < filled_ ? readings : filled_;
    filled_ -= dropped;
    skip_ += readings - dropped;
    move_down(frame_, frame_ + dropped * Block::kChannels, filled_ * Block::kChannels);
  }
  void begin_next_window() {
    constexpr int32_t kKept =
        Block::kRows > Block::kStride / Block::kHop ? Block::kRows - Block::kStride / Block::kHop : 0;
    constexpr int32_t kBetween =
        Block::kStride - Block::kRows * Block::kHop;  // readings, from the frame after the last
    move_down(rows_, rows_ + (Block::kRows - kKept) * Block::kColumns, kKept * Block::kColumns);
    rows_done_ = kKept;
    if (kBetween > 0) advance(kBetween);
  }

  int16_t frame_[Block::kFrame * Block::kChannels];
  typename Block::Stored rows_[Block::kRows * Block::kColumns];
  int32_t filled_;     // readings in frame_
  int32_t rows_done_;  // rows in rows_
  int32_t skip_;       // readings to come that no frame has
  alignas(8) unsigned char scratch_[Block::kScratchBytes > 0 ? Block::kScratchBytes : 1];
};

}  // namespace mote

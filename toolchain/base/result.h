// Result<T>: a value or an Error. Library code returns it and never prints, throws across a stage border, or exits.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace mote {

struct Error {
  enum class Kind {
    input,   // the user's input is wrong: the message names it, says what was expected and what to do (exit status 2)
    defect,  // ours is wrong (exit status 3)
    interrupted,  // the user pressed Ctrl-C (exit status 130)
  };
  Kind kind = Kind::input;
  std::string message;
};

inline Error input_error(std::string message) {
  return {Error::Kind::input, std::move(message)};
}
inline Error defect(std::string message) {
  return {Error::Kind::defect, std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // REQUIRES: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // REQUIRES: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  // REQUIRES: !ok().
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace mote

#define MOTE_JOIN2(a, b) a##b
#define MOTE_JOIN(a, b) MOTE_JOIN2(a, b)
// MOTE_TRY(auto x, f()); declares x from the value of a Result, or returns its error from the enclosing function.
#define MOTE_TRY(declaration, ...)                                                     \
  auto MOTE_JOIN(result_, __LINE__) = (__VA_ARGS__);                                   \
  if (!MOTE_JOIN(result_, __LINE__).ok()) return MOTE_JOIN(result_, __LINE__).error(); \
  declaration = std::move(MOTE_JOIN(result_, __LINE__)).value()
// MOTE_CHECK(f()); the same for a Result<void>.
#define MOTE_CHECK(...)                                                                      \
  if (auto MOTE_JOIN(result_, __LINE__) = (__VA_ARGS__); !MOTE_JOIN(result_, __LINE__).ok()) \
  return MOTE_JOIN(result_, __LINE__).error()

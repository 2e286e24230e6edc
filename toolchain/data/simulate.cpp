#include "toolchain/data/simulate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numbers>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

struct ExampleProject {
  const char* name;
  const char* text;  // mote.toml
};
constexpr ExampleProject kProjects[] = {
#include "example_projects.inc"
};

constexpr double kGravity = 9.80665;  // m/s^2
constexpr double kDegree = std::numbers::pi / 180;

struct Vector {
  double x = 0, y = 0, z = 0;
};

// A reach of the hand with the least jerk (Flash and Hogan 1985): from rest to rest in `duration`.
struct Stroke {
  double start = 0, duration = 1;  // s
  Vector way;                      // m; world axes: x forward, y to the left, z up
  double roll = 0, pitch = 0;      // rad, turned on the way

  double progress(double time) const {
    const double u = std::clamp((time - start) / duration, 0.0, 1.0);
    return u * u * u * (10 - 15 * u + 6 * u * u);
  }
  double acceleration(double time) const {  // per metre of way, 1/s^2
    const double u = (time - start) / duration;
    return u <= 0 || u >= 1 ? 0 : (60 * u - 180 * u * u + 120 * u * u * u) / (duration * duration);
  }
};

// What makes one person's recordings alike.
struct Person {
  double tempo, strength, slant, curl, mount, twist, tremor, clock;
  Vector bias;  // of the sensor, g
};

Person draw_person(Random& random) {
  Person person;
  person.tempo = random.uniform(0.75, 1.35);
  person.strength = random.uniform(0.7, 1.3);
  person.slant = random.uniform(-25, 25) * kDegree;  // of a swipe against the horizontal
  person.curl = random.uniform(5, 35) * kDegree;     // roll of the forearm during a swipe
  person.mount = random.uniform(-30, 30) * kDegree;  // how the band sits around the wrist
  person.twist = random.uniform(-12, 12) * kDegree;
  person.tremor = random.uniform(0.005, 0.02);  // g
  person.clock = 1 + 0.002 * random.normal();   // of the recorder, against true time
  person.bias = {0.015 * random.normal(), 0.015 * random.normal(), 0.02 * random.normal()};
  return person;
}

// side: +1 left, -1 right. The swipe, a pause, and the slower way back.
std::vector<Stroke> swipe(const Person& person, double side, double length, Random& random) {
  Stroke out;
  out.duration = 0.42 / person.tempo * random.uniform(0.85, 1.2);
  out.start = random.uniform(0.32, 0.5) * length - out.duration / 2;
  const double reach = 0.42 * person.strength * random.uniform(0.75, 1.2);
  const double slant = person.slant + 8 * kDegree * random.normal();
  out.way = {0.12 * reach * random.normal(), side * reach * std::cos(slant), reach * std::sin(slant)};
  out.roll = -side * person.curl * random.uniform(0.6, 1.3);
  Stroke back = out;
  back.start = out.start + out.duration + random.uniform(0.15, 0.5);
  back.duration = out.duration * random.uniform(1.5, 2.4);
  back.way = {-out.way.x, -out.way.y, -out.way.z};
  back.roll = -out.roll;
  return {out, back};
}

// Resting, turning the wrist slowly, or fidgeting.
std::vector<Stroke> idle(double length, Random& random) {
  std::vector<Stroke> strokes;
  const double kind = random.uniform();
  const int moves = kind < 0.35 ? 0 : kind < 0.65 ? 1 : 3;
  for (int i = 0; i < moves; ++i) {
    Stroke stroke;
    const bool slow = moves == 1;
    stroke.duration = slow ? random.uniform(0.8, 1.6) : random.uniform(0.3, 0.8);
    stroke.start = random.uniform(0, length - stroke.duration / 2);
    const double reach = slow ? 0.1 : random.uniform(0.03, 0.25);
    stroke.way = {reach * random.normal(), 0.6 * reach * random.normal(), reach * random.normal()};
    stroke.roll = (slow ? 30 : 12) * kDegree * random.normal();
    stroke.pitch = (slow ? 25 : 10) * kDegree * random.normal();
    strokes.push_back(stroke);
  }
  return strokes;
}

void turn(double& a, double& b, double angle) {  // components in a frame turned by `angle` in the plane of a and b
  const double c = std::cos(angle), s = std::sin(angle);
  const double first = c * a + s * b;
  b = c * b - s * a;
  a = first;
}

// A 16-bit accelerometer with a range of +-4 g and 3 mg of noise: its reading in g.
double sense(double value, Random& random) {
  const double count = std::round((value + 0.003 * random.normal()) * 8192);
  return std::clamp(count, -32768.0, 32767.0) / 8192;
}

std::string record(const Person& person, const std::vector<Stroke>& strokes, double length, Random& random) {
  const double roll = person.mount + 8 * kDegree * random.normal(), pitch = 10 * kDegree * random.normal();
  const double tremor_hz = random.uniform(8, 11), phase = random.uniform(0, 2 * std::numbers::pi);
  std::string text = "timestamp,ax,ay,az\n";
  double stamp = 0;
  for (int i = 0; i < static_cast<int>(length * 100); ++i) {
    const double time = i / 100.0;
    Vector force{0, 0, 1};  // g; what an accelerometer at rest feels is up
    double now_roll = roll, now_pitch = pitch;
    for (const Stroke& stroke : strokes) {
      const double a = stroke.acceleration(time) / kGravity;
      force.x += a * stroke.way.x, force.y += a * stroke.way.y, force.z += a * stroke.way.z;
      now_roll += stroke.roll * stroke.progress(time);
      now_pitch += stroke.pitch * stroke.progress(time);
    }
    turn(force.x, force.y, person.twist);
    turn(force.z, force.x, now_pitch);
    turn(force.y, force.z, now_roll);
    const double tremble = person.tremor * std::sin(2 * std::numbers::pi * tremor_hz * time + phase);
    const double x = sense(force.x + person.bias.x + 0.5 * tremble, random),
                 y = sense(force.y + person.bias.y + tremble, random),
                 z = sense(force.z + person.bias.z + 0.7 * tremble, random);
    fmt::format_to(std::back_inserter(text), "{:.1f},{:.4f},{:.4f},{:.4f}\n", stamp + 0.2 * random.uniform(-1, 1), x, y,
                   z);
    stamp += 10 * person.clock;
  }
  return text;
}

Result<void> write_text(const fs::path& path, const std::string& text) {
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return input_error(fmt::format("{}: cannot write the file: {}", path.string(), std::strerror(errno)));
  return {};
}

Result<void> record_gestures(const fs::path& folder, uint64_t seed) {
  constexpr int kPeople = 20, kSwipes = 8, kIdles = 5;
  const Random root(seed);
  for (int p = 0; p < kPeople; ++p) {
    Random random = root.stream(static_cast<uint64_t>(p) + 1);
    const Person person = draw_person(random);
    for (const char* label : {"idle", "swipe_left", "swipe_right"}) {
      const double side = label == std::string("swipe_left") ? 1 : label == std::string("swipe_right") ? -1 : 0;
      for (int n = 0; n < (side == 0 ? kIdles : kSwipes); ++n) {
        const double length = side == 0 ? 2.0 : 1.5;
        const std::string text =
            record(person, side == 0 ? idle(length, random) : swipe(person, side, length, random), length, random);
        MOTE_CHECK(
            write_text(folder / "recordings" / label / fmt::format("{}_p{:02}_{:02}.csv", label, p + 1, n + 1), text));
      }
    }
  }
  return {};
}

// Saturation vapour pressure over water in kPa (Tetens 1930); the dryness of air that soil loses water to is what lacks
// to it.
double vapour_deficit(double celsius, double humidity) {
  return 0.6108 * std::exp(17.27 * celsius / (celsius + 237.3)) * (1 - humidity / 100);
}

// Twenty days, one row in ten minutes.
Result<void> record_soil(const fs::path& folder, uint64_t seed) {
  Random random = Random(seed).stream(1);
  std::string text = "datetime,temperature,humidity,soil_moisture\n";
  double weather = 0, moisture_of_air = 0;
  for (int row = 0; row < 20 * 144; ++row) {
    const double hour = (row % 144) / 6.0;
    weather = 0.995 * weather + 0.25 * random.normal();
    moisture_of_air = 0.99 * moisture_of_air + 0.9 * random.normal();
    const double temperature = 19 + 7 * std::sin(2 * std::numbers::pi * (hour - 9) / 24) + weather;
    const double humidity = std::clamp(62 - 2.3 * (temperature - 19) + moisture_of_air, 15.0, 98.0);
    const double moisture =
        37 - 14 * (1 - std::exp(-vapour_deficit(temperature, humidity) / 1.3)) + 0.4 * random.normal();
    fmt::format_to(std::back_inserter(text), "2024-05-{:02} {:02}:{:02}:00,{:.2f},{:.1f},{:.2f}\n", 1 + row / 144,
                   row % 144 / 6, row % 6 * 10, temperature + 0.1 * random.normal(),
                   std::clamp(humidity + 0.8 * random.normal(), 0.0, 100.0), moisture);
  }
  return write_text(folder / "recordings" / "log.csv", text);
}

}  // namespace

std::vector<std::string> example_names() {
  std::vector<std::string> names;
  for (const ExampleProject& project : kProjects) names.emplace_back(project.name);
  return names;
}

Result<void> write_example(const std::string& name, const std::string& project_name,
                           const std::filesystem::path& folder, uint64_t seed) {
  const auto project =
      std::find_if(std::begin(kProjects), std::end(kProjects), [&](const ExampleProject& p) { return name == p.name; });
  if (project == std::end(kProjects))
    return input_error(fmt::format("no example '{}'; there are: {}{}", name, listed(example_names()),
                                   did_you_mean(name, example_names())));
  std::error_code code;
  if (fs::exists(folder, code) && !(fs::is_directory(folder, code) && fs::is_empty(folder, code)))
    return input_error(
        fmt::format("{} exists and is not an empty folder; give another name, or remove it", folder.string()));
  std::string text = project->text;
  const std::string line = fmt::format("name = \"{}\"", name);
  text.replace(text.find(line), line.size(), fmt::format("name = \"{}\"", project_name));
  MOTE_TRY(StagedFolder staged, StagedFolder::create(folder));
  MOTE_CHECK(write_text(staged.path() / "mote.toml", text));
  MOTE_CHECK(name == "soil" ? record_soil(staged.path(), seed) : record_gestures(staged.path(), seed));
  return staged.commit();
}

}  // namespace mote

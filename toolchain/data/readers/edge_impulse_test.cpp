#include <gmock/gmock.h>

#include <fmt/format.h>

#include "toolchain/base/json.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Json acquisition(double speed, int rows, double interval_ms) {
  Json json = Json::parse(R"({"protected": {"ver": "v1", "alg": "none", "iat": 1564128599}, "signature": "0",
    "payload": {"device_name": "ac:87:a3:0a:2d:1b", "device_type": "DISCO", "sensors":
    [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}]}})");
  json["payload"]["interval_ms"] = interval_ms;
  for (int i = 0; i < rows; ++i) json["payload"]["values"].push_back({std::sin(speed * i), 0.25 * (i % 5)});
  return json;
}

std::string cbor(const Json& json) {
  const std::vector<uint8_t> bytes = Json::to_cbor(json);
  return {bytes.begin(), bytes.end()};
}

DataConfig config_of(const std::string& label) {
  DataConfig config;
  config.source = {"data/*"};
  config.label = {label};
  config.rate = 62.5;
  config.window = TimeSpan{10, true};
  config.split.by = "file";
  return config;
}

// Three files of each label, the last as CBOR.
void write_set(const ProjectFolder& project) {
  for (const char* label : {"idle", "wave"})
    for (int i = 0; i < 6; ++i) {
      const Json json = acquisition(label[0] == 'i' ? 0.1 : 0.9, 40, 16);
      project.write(fmt::format("data/{}.{}.{}", label, i, i < 4 ? "json" : "cbor"), i < 4 ? json.dump() : cbor(json));
    }
}

TEST(EdgeImpulse, JsonAndCborWithLabelsFromNames) {
  ProjectFolder project;
  write_set(project);
  const Dataset dataset = load(config_of("filename:^([^.]+)"), project);
  EXPECT_THAT(dataset.classes, ElementsAre("idle", "wave"));
  EXPECT_EQ(dataset.counts.size(), 12u * 40 * 2);
  EXPECT_EQ(dataset.contract.rate_hz, 62.5);
  EXPECT_EQ(dataset.contract.channels[1].name, "accY");
  EXPECT_EQ(dataset.contract.channels[1].unit, "m/s2");
  EXPECT_NEAR(to_value(dataset.counts[2 * 11], dataset.contract.channels[0]), std::sin(1.1), 1e-3);
  EXPECT_THAT(dataset.notes, Not(Contains(HasSubstr("sign"))));
  DataConfig one = config_of("filename:^([^.]+)");
  one.channels = {"accY"};
  EXPECT_EQ(load(one, project).counts.size(), 12u * 40);
  one.channels = {"accZ"};
  EXPECT_THAT(load_error(one, project), HasSubstr("no channel 'accZ'"));
}

TEST(EdgeImpulse, LabelsOfInfoLabels) {
  ProjectFolder project;
  write_set(project);
  Json info;
  for (const char* label : {"idle", "wave"})
    for (int i = 0; i < 6; ++i) {
      Json entry{{"path", fmt::format("data/{}.{}.{}", label, i, i < 4 ? "json" : "cbor")}, {"category", "training"}};
      entry["label"] =
          i % 2 ? Json(std::string("L_") + label) : Json{{"type", "label"}, {"label", std::string("L_") + label}};
      info["files"].push_back(entry);
    }
  project.write("info.labels", info.dump());
  EXPECT_THAT(load(config_of("file:info.labels"), project).classes, ElementsAre("L_idle", "L_wave"));
  info["files"].erase(3);
  project.write("info.labels", info.dump());
  EXPECT_THAT(load_error(config_of("file:info.labels"), project),
              HasSubstr("data/idle.3.json: info.labels has no line for this file"));
  project.write("info.labels", "{}");
  EXPECT_THAT(load_error(config_of("file:info.labels"), project), HasSubstr("info.labels: no list 'files'"));
}

TEST(EdgeImpulse, AnotherRateThanItsNeighboursIsNamed) {
  ProjectFolder project;
  write_set(project);
  project.write("data/wave.9.json", acquisition(0.9, 40, 10).dump());
  DataConfig config = config_of("filename:^([^.]+)");
  EXPECT_THAT(load_error(config, project),
              AllOf(HasSubstr("data/wave.9.json: recorded at 100 Hz"), HasSubstr("62.5 Hz: two rates")));
  config.resample = true;
  EXPECT_THAT(load(config, project).notes, Contains(HasSubstr("resampled from 100 Hz to 62.5 Hz")));
}

TEST(EdgeImpulse, ADoubtfulSignatureIsAWarning) {
  const auto note = [](const char* algorithm, const std::string& signature) {
    ProjectFolder project;
    write_set(project);
    Json json = acquisition(0.9, 40, 16);
    json["protected"]["alg"] = algorithm;
    json["signature"] = signature;
    project.write("data/wave.7.cbor", cbor(json));
    project.write("data/wave.8.cbor", cbor(json));
    const Dataset dataset = load(config_of("filename:^([^.]+)"), project);
    EXPECT_EQ(dataset.counts.size(), 14u * 40 * 2);
    for (const std::string& each : dataset.notes)
      if (each.find("data/wave.7.cbor") == 0) return each;
    return std::string();
  };
  EXPECT_EQ(note("HS256", std::string(32, '5') + std::string(32, 'a')), "");
  EXPECT_THAT(note("HS256", "12"), AllOf(HasSubstr("2 characters, expected 64"), HasSubstr("(and 1 more such files)")));
  EXPECT_THAT(note("HS256", std::string(64, 'x')), HasSubstr("hexadecimal"));
  EXPECT_THAT(note("HS256", std::string(64, '0')), HasSubstr("not signed"));
  EXPECT_THAT(note("RS256", std::string(64, '1')), HasSubstr("'RS256', which is not known"));
}

// Python's json.dumps writes them, though JSON has no such words.
TEST(EdgeImpulse, NaNAndInfinityAreMissingReadings) {
  ProjectFolder project;
  std::string text = acquisition(0.1, 20, 16).dump();
  text.replace(text.find("DISCO"), 5, "\\\"NaN");
  for (const char* word : {"NaN", "Infinity", "-Infinity"}) text.replace(text.rfind(",0.75]") + 1, 4, word);
  project.write("data/a.1.json", text);
  EXPECT_THAT(load_error(config_of("filename:^([^.]+)"), project),
              AllOf(HasSubstr("data/a.1.json: reading 8: column 'accY'"), HasSubstr("missing")));
  DataConfig config = config_of("filename:^([^.]+)");
  config.missing = MissingPolicy::interpolate;
  config.split.test.fraction = config.split.validation.fraction = 0;
  project.write("data/b.1.json", acquisition(0.9, 20, 16).dump());
  EXPECT_EQ(load(config, project).counts.size(), 2u * 20 * 2);
  project.write("data/a.1.json", "{\"payload\": NaNa}");
  EXPECT_THAT(load_error(config, project), HasSubstr("cut off or damaged"));
}

TEST(EdgeImpulse, WhatIsWrongIsNamed) {
  const auto error = [](const std::string& name, const std::string& text) {
    ProjectFolder project;
    project.write("data/" + name, text);
    return load_error(config_of("filename:^([^.]+)"), project);
  };
  const auto changed = [&](const std::string& pointer, const Json& value) {
    Json json = acquisition(0.1, 20, 16);
    json[Json::json_pointer(pointer)] = value;
    return error("a.1.json", json.dump());
  };
  EXPECT_THAT(changed("/payload/values/7", Json::array({1})), HasSubstr("row 7 of payload.values has 1 numbers"));
  EXPECT_THAT(changed("/payload/values/7", Json::array({1, "x"})),
              HasSubstr("row 7 of payload.values holds the text 'x'"));
  EXPECT_THAT(changed("/payload/values/7/1", nullptr), HasSubstr("data/a.1.json: reading 7: column 'accY'"));
  EXPECT_THAT(changed("/payload/values", Json::array()), HasSubstr("payload.values is missing or empty"));
  EXPECT_THAT(changed("/payload/interval_ms", 0), HasSubstr("payload.interval_ms is 0"));
  EXPECT_THAT(changed("/payload/sensors", Json::array()), HasSubstr("payload.sensors is missing"));
  EXPECT_THAT(error("a.1.json", "{\"a\": 1}"), HasSubstr("no 'payload'"));
  EXPECT_THAT(error("a.1.json", acquisition(0.1, 20, 16).dump().substr(0, 200)), HasSubstr("cut off or damaged"));
  EXPECT_THAT(error("a.1.cbor", cbor(acquisition(0.1, 20, 16)).substr(0, 150)), HasSubstr("cut off or damaged"));
  EXPECT_THAT(error("a.1.cbor", "{}"), HasSubstr("the name says Edge Impulse CBOR, but it is text"));
  EXPECT_THAT(error("a.1.json", "x,y\n1,2\n"), HasSubstr("the name says Edge Impulse JSON, but it is text"));
  EXPECT_THAT(error("a.1.cbor",
                    "\xA1\x61"
                    "a" +
                        std::string(100000, '\x81')),
              HasSubstr("levels of nesting"));
}

}  // namespace
}  // namespace mote

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "schema_generated.h"
#include "toolchain/base/files.h"
#include "toolchain/base/lzma.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/test_graphs.h"
#include "toolchain/base/plain_text.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

// All attributes as text, by the operator's own visitor.
class Printer : public AttributeVisitor {
 public:
  std::string text;
  void field(int id, const char* name, bool& value) override { add(id, name, std::to_string(value)); }
  void field(int id, const char* name, Activation& value) override {
    add(id, name, std::to_string(static_cast<int>(value)));
  }
  void field(int id, const char* name, int8_t& value) override { add(id, name, std::to_string(value)); }
  void field(int id, const char* name, int32_t& value) override { add(id, name, std::to_string(value)); }
  void field(int id, const char* name, float& value) override { add(id, name, std::to_string(value)); }
  void field(int id, const char* name, Shape& value) override { add(id, name, to_string(value)); }

 private:
  void add(int id, const char* name, const std::string& value) {
    text += std::to_string(id) + " " + name + "=" + value + " ";
  }
};

std::string attributes_text(const Node& node) {
  Printer printer;
  Attributes copy = node.attributes;
  node.op->visit(printer, copy);
  return printer.text;
}

void expect_equal(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.input_names, b.input_names);
  EXPECT_EQ(a.output_names, b.output_names);
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].type, b.tensors[i].type);
    EXPECT_EQ(a.tensors[i].constant, b.tensors[i].constant);
    EXPECT_EQ(a.tensors[i].trainable, b.tensors[i].trainable);
    EXPECT_EQ(a.tensors[i].data, b.tensors[i].data);
  }
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    ASSERT_EQ(a.nodes[i].op, b.nodes[i].op) << b.nodes[i].foreign;
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs);
    EXPECT_EQ(a.nodes[i].outputs, b.nodes[i].outputs);
    EXPECT_EQ(attributes_text(a.nodes[i]), attributes_text(b.nodes[i]));
  }
}

void expect_round_trip(const Graph& graph) {
  const auto bytes = write_tflite(graph);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  const auto again = read_tflite("written", *bytes);
  ASSERT_TRUE(again.ok()) << again.error().message;
  expect_equal(graph, *again);
  const auto second = write_tflite(*again);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*bytes, *second) << "equal graphs, different bytes";
}

TEST(Tflite, EveryOperatorsCasesComeBackEqual) {
  for (const OpDef* op : ops_with_cases())
    for (const OpCase& item : op->cases())
      for (bool integer : {false, true}) {
        SCOPED_TRACE(std::string(op->name) + ", case " + item.name + (integer ? ", int8" : ", float"));
        expect_round_trip(one_operator(*op, item, integer, item.seed));
      }
}

TEST(Tflite, RandomOperatorsComeBackEqual) {
  for (const OpDef* op : ops_with_cases())
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      SCOPED_TRACE(std::string(op->name) + ", seed " + std::to_string(seed));
      Random random(seed);
      expect_round_trip(one_operator(*op, op->random_case(random), seed % 2 == 0, seed));
    }
}

TEST(Tflite, AnOutputListedTwiceKeepsBothNames) {
  const OpDef* op = find_op("fully_connected");
  Graph graph = one_operator(*op, op->cases()[0], true, 1);
  graph.outputs.push_back(graph.outputs[0]);
  graph.output_names = {"label", "score"};
  expect_round_trip(graph);
}

// The first case of fully_connected: a small file with options, weights, bias, signature and metadata.
std::vector<uint8_t> small_file(bool integer = true) {
  const OpDef* op = find_op("fully_connected");
  const auto bytes = write_tflite(one_operator(*op, op->cases()[0], integer, 1));
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return *bytes;
}

TEST(Tflite, ConstantsLieAtMultiplesOf16AndBuffer0IsEmpty) {
  const auto bytes = small_file();
  const schema::Model* model = schema::GetModel(bytes.data());
  EXPECT_EQ(model->version(), 3u);
  EXPECT_EQ(std::string(bytes.begin() + 4, bytes.begin() + 8), "TFL3");
  ASSERT_GT(model->buffers()->size(), 3u);
  EXPECT_EQ(model->buffers()->Get(0)->data(), nullptr);
  int constants = 0;
  for (const schema::Tensor* tensor : *model->subgraphs()->Get(0)->tensors())
    if (const auto* data = model->buffers()->Get(tensor->buffer())->data(); data != nullptr) {
      EXPECT_EQ((data->data() - bytes.data()) % 16, 0) << tensor->name()->str();
      ++constants;
    }
  EXPECT_EQ(constants, 2);
  EXPECT_EQ(model->operator_codes()->Get(0)->deprecated_builtin_code(), 9);
  EXPECT_EQ(static_cast<int>(model->operator_codes()->Get(0)->builtin_code()), 9);
  EXPECT_EQ(model->signature_defs()->Get(0)->signature_key()->str(), "serving_default");
}

TEST(Tflite, EqualVectorsStandInTheFileOnce) {
  const auto bytes = small_file();
  const schema::Model* model = schema::GetModel(bytes.data());
  const schema::SubGraph* graph = model->subgraphs()->Get(0);
  const auto zero_points = [&](uint32_t tensor) { return graph->tensors()->Get(tensor)->quantization()->zero_point(); };
  EXPECT_EQ(zero_points(1), zero_points(2)) << "of weights and bias: both 0";
  EXPECT_NE(zero_points(0), zero_points(1));
  EXPECT_EQ(graph->outputs(), graph->operators()->Get(0)->outputs());
  EXPECT_EQ(graph->tensors()->Get(0)->shape(), graph->tensors()->Get(1)->shape()) << "both 3x3";
}

TEST(Tflite, MinRuntimeVersionIsThatOfTheNewestOperator) {
  const OpDef* op = find_op("fully_connected");
  for (const OpCase& item : op->cases()) {
    const auto bytes = write_tflite(one_operator(*op, item, true, 1));
    ASSERT_TRUE(bytes.ok());
    const schema::Model* model = schema::GetModel(bytes->data());
    const int32_t version = model->operator_codes()->Get(0)->version();  // 11: int32 bias of int16; 12: per channel
    int found = 0;
    for (const schema::Metadata* entry : *model->metadata()) {
      if (entry->name()->str() != "min_runtime_version") continue;
      const auto* data = model->buffers()->Get(entry->buffer())->data();
      std::string expected = version >= 12 ? "2.17.0" : version == 11 ? "2.15.0" : "2.3.0";
      expected.resize(16, '\0');
      EXPECT_EQ(std::string(data->begin(), data->end()), expected) << item.name;
      ++found;
    }
    EXPECT_EQ(found, 1);
  }
}

TEST(Tflite, ForeignOperatorsAreNamedAndCannotBeWritten) {
  Graph graph = one_operator(*find_op("relu"), find_op("relu")->cases()[0], false, 1);
  graph.nodes[0].op = nullptr;
  graph.nodes[0].foreign = "CONV_2D version 3";
  const auto bytes = write_tflite(graph);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().message, "operator 0 is CONV_2D version 3, which mote cannot write");
}

TEST(Tflite, AnyTruncationIsRefused) {
  const auto bytes = small_file();
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto read = read_tflite("cut.tflite", std::span(bytes).first(length));
    ASSERT_FALSE(read.ok()) << "cut after " << length << " of " << bytes.size() << " bytes";
    EXPECT_TRUE(read.error().message.starts_with("cut.tflite: ")) << read.error().message;
  }
}

TEST(Tflite, AnyBitFlipGivesAModelOrAnAnswer) {
  const auto bytes = small_file();
  int refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto damaged = bytes;
      damaged[i] = static_cast<uint8_t>(damaged[i] ^ (1 << bit));
      const auto read = read_tflite("flipped.tflite", damaged);
      EXPECT_TRUE(!read.ok() || validate(*read).ok());
      refused += !read.ok();
    }
  EXPECT_GT(refused, 500);
}

// What the reader says of `bytes` after `change` was applied to the object form of the model.
template <class Change>
std::string answer(Change change, bool integer = true) {
  auto bytes = small_file(integer);
  change(*const_cast<schema::Model*>(schema::GetModel(bytes.data())));
  const auto read = read_tflite_file("m", bytes);
  return read.ok() ? "accepted" : read.error().message;
}

flatbuffers::Table& table(const void* stored) {
  return *reinterpret_cast<flatbuffers::Table*>(const_cast<void*>(stored));
}
void set_element(const flatbuffers::Vector<int32_t>* vector, uint32_t index, int32_t value) {
  const_cast<flatbuffers::Vector<int32_t>*>(vector)->Mutate(index, value);
}
const schema::SubGraph& main_graph(schema::Model& model) {
  return *model.subgraphs()->Get(0);
}

TEST(TfliteAnswers, NameWhatIsWrong) {
  using schema::Model;
  EXPECT_EQ(answer([](Model&) {}), "accepted");
  EXPECT_EQ(answer([](Model& m) { table(&m).SetField<uint32_t>(Model::VT_VERSION, 2, 0); }),
            "m: TFLite schema version 2 is not supported; expected 3");
  EXPECT_EQ(answer([](Model& m) {
              table(m.signature_defs()->Get(0)->outputs()->Get(0))
                  .SetField<uint32_t>(schema::TensorMap::VT_TENSOR_INDEX, 1, 0);
            }),
            "accepted")
      << "a signature of another model: the outputs go by their tensors' names";
  EXPECT_EQ(answer([](Model& m) { set_element(main_graph(m).inputs(), 0, 77); }),
            "m: model input is tensor 77, but there are 4 tensors");
  EXPECT_EQ(answer([](Model& m) { set_element(main_graph(m).operators()->Get(0)->inputs(), 1, 99); }),
            "m: operator 0 reads tensor 99, but there are 4 tensors");
  EXPECT_EQ(answer([](Model& m) { set_element(main_graph(m).tensors()->Get(0)->shape(), 0, -1); }),
            "m: tensor 0 'input_0' has size -1 in dimension 0; expected at least 1 (convert with fixed shapes)");
  EXPECT_NE(answer([](Model& m) {
              for (uint32_t dimension : {0u, 1u})
                set_element(main_graph(m).tensors()->Get(1)->shape(), dimension, 1 << 30);
            }).find("more than 2 GiB"),
            std::string::npos);
  EXPECT_NE(answer([](Model& m) {
              table(main_graph(m).tensors()->Get(1)).SetField<uint32_t>(schema::Tensor::VT_BUFFER, 200, 0);
            }).find("tensor 1 'input_1' uses buffer 200, but the file has"),
            std::string::npos);
  EXPECT_NE(
      answer([](Model& m) { set_element(main_graph(m).tensors()->Get(1)->shape(), 1, 3); }).find("but its buffer"),
      std::string::npos);
  EXPECT_NE(answer([](Model& m) {
              const_cast<flatbuffers::Vector<float>*>(main_graph(m).tensors()->Get(1)->quantization()->scale())
                  ->Mutate(0, NAN);
            }).find("tensor 1 'input_1' has the quantization scale nan"),
            std::string::npos);
  EXPECT_NE(answer([](Model& m) {
              const_cast<flatbuffers::Vector<int64_t>*>(main_graph(m).tensors()->Get(1)->quantization()->zero_point())
                  ->Mutate(0, 128);
            }).find("zero point 128, outside -128 to 127 of type int8"),
            std::string::npos);
}

TEST(TfliteAnswers, NameTypesThatMoteLacks) {
  EXPECT_NE(answer([](schema::Model& m) {
              table(main_graph(m).tensors()->Get(1)).SetField<int8_t>(schema::Tensor::VT_TYPE, 17, 0);
            }).find("tensor 1 'input_1' is of type int4, which mote lacks"),
            std::string::npos);
  EXPECT_NE(answer([](schema::Model& m) {
              table(main_graph(m).tensors()->Get(1)).SetField<int8_t>(schema::Tensor::VT_TYPE, 5, 0);
            }).find("is of type string"),
            std::string::npos);
}

// A file with what write_tflite never writes: built with the generated builders.
struct Odd {
  int subgraphs = 1;
  std::string custom = {};  // custom operator of this name, else builtin `code`
  int code = 13, version = 3;
  std::vector<int32_t> shape = {1, 4};  // of the input
  int32_t axis = -1;                    // of four scales of the input; -1: not quantized
  std::vector<int32_t> signature = {};  // shape_signature of the input
  int32_t written = 1;                  // output of the operator
  bool variable = false, filled = false, sparse = false, external = false, outside = false, cycle = false,
       twice = false;
  std::string tensor_name = "x";
};

std::vector<uint8_t> odd_file(const Odd& odd) {
  flatbuffers::FlatBufferBuilder b;
  const std::vector<int32_t> shape = {1, 4}, in = {odd.cycle ? 1 : 0}, out = {odd.written};
  const auto opaque = [&] { return flatbuffers::Offset<schema::Opaque>(b.EndTable(b.StartTable())); };
  const auto sparsity = odd.sparse ? opaque() : flatbuffers::Offset<schema::Opaque>();
  const auto scales = b.CreateVector(std::vector<float>(4, 0.5f));
  const auto zeros = b.CreateVector(std::vector<int64_t>(4));
  const auto quantization =
      odd.axis < 0 ? 0 : schema::CreateQuantizationParameters(b, 0, 0, scales, zeros, 0, 0, odd.axis);
  const auto input =
      schema::CreateTensor(b, b.CreateVector(odd.shape), schema::TensorType::float32, odd.filled ? 1 : 0,
                           b.CreateString(odd.tensor_name), quantization, odd.variable, sparsity,
                           odd.signature.empty() ? 0 : b.CreateVector(odd.signature), true, 0, odd.external ? 1 : 0);
  const auto output =
      schema::CreateTensor(b, b.CreateVector(shape), schema::TensorType::float32, 0, b.CreateString("y"));
  std::vector<flatbuffers::Offset<schema::Operator>> operators;
  for (int i = 0; i < (odd.twice ? 2 : 1); ++i)
    operators.push_back(schema::CreateOperator(b, 0, b.CreateVector(in), b.CreateVector(out)));
  const std::vector<flatbuffers::Offset<schema::Tensor>> tensors = {input, output};
  const std::vector<int32_t> ends = {0}, last = {1};
  const auto subgraph = schema::CreateSubGraph(b, b.CreateVector(tensors), b.CreateVector(ends), b.CreateVector(last),
                                               b.CreateVector(operators), b.CreateString("main"));
  const std::vector<flatbuffers::Offset<schema::SubGraph>> subgraphs(static_cast<size_t>(odd.subgraphs), subgraph);
  const auto code =
      schema::CreateOperatorCode(b, static_cast<int8_t>(odd.custom.empty() ? std::min(odd.code, 127) : 32),
                                 odd.custom.empty() ? 0 : b.CreateString(odd.custom), odd.version,
                                 static_cast<schema::BuiltinOperator>(odd.custom.empty() ? odd.code : 32));
  const std::vector<flatbuffers::Offset<schema::Buffer>> buffers = {
      schema::CreateBuffer(b, 0, odd.outside ? 4096 : 0, odd.outside ? 16 : 0),
      schema::CreateBuffer(b, b.CreateVector(std::vector<uint8_t>(16)))};
  schema::FinishModelBuffer(
      b, schema::CreateModel(b, 3, b.CreateVector(&code, 1), b.CreateVector(subgraphs), 0, b.CreateVector(buffers)));
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

std::string odd_answer(const Odd& odd) {
  const auto read = read_tflite("m", odd_file(odd));
  return read.ok() ? read->nodes[0].foreign : read.error().message;
}

TEST(TfliteAnswers, ForeignOperatorsByNameAndVersion) {
  EXPECT_EQ(odd_answer({}), "LOCAL_RESPONSE_NORMALIZATION version 3");
  EXPECT_EQ(odd_answer({.code = 150, .version = 2}), "GELU version 2");
  EXPECT_EQ(odd_answer({.code = 5000}), "builtin operator 5000 version 3");
  EXPECT_EQ(odd_answer({.custom = "TFLite_Detection"}), "custom operator 'TFLite_Detection'");
}

TEST(TfliteAnswers, WhatIsNotSupportedByName) {
  const auto says = [](const Odd& odd, const std::string& part) {
    const std::string text = odd_answer(odd);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  says({.subgraphs = 0}, "it has no subgraph");
  says({.subgraphs = 2, .code = 129}, "operator 0, CALL_ONCE, runs subgraph 0, but there are 2");
  says({.subgraphs = 2, .code = 119}, "operator 0, WHILE, runs another of its 2 subgraphs");
  says({.variable = true}, "graph input tensor 0 'x' is a constant or a variable");
  says({.variable = true, .filled = true}, "tensor 0 'x' is a variable (state kept between inferences) with first");
  says({.shape = {1, 0}}, "tensor 0 'x' has size 0 in dimension 1; expected at least 1");
  says({.sparse = true}, "tensor 0 'x' is stored sparsely");
  says({.external = true}, "tensor 0 'x' lies in another file");
  says({.outside = true}, "its data lie behind the FlatBuffer");
  says({.written = -1}, "operator 0 writes tensor -1, but there are 2 tensors");
  says({.cycle = true}, "is not written by an earlier operator");
  says({.twice = true}, "already written");
  says({.tensor_name = "a\x1b[2J"}, "the name of tensor 0 is not printable UTF-8 text");
  says({.signature = {1, -1}}, "known only at run time");
  says({.axis = 0}, "tensor 0 'x' of shape 1x4 has 4 scales along dimension 0; expected one for each index of it");
  says({.axis = 3}, "tensor 0 'x' of shape 1x4 has 4 scales along dimension 3; expected one for each index of it");
  EXPECT_EQ(odd_answer({.shape = {4}, .axis = 3}), "LOCAL_RESPONSE_NORMALIZATION version 3")
      << "a bias with the dimension of its weights";
  EXPECT_EQ(odd_answer({.signature = {-1, 4}}), "LOCAL_RESPONSE_NORMALIZATION version 3") << "an open batch of 1";
}

// As of files with one signature for each of several functions.
TEST(Tflite, OfSeveralSubgraphsTheFirstIsRead) {
  const auto read = read_tflite_file("m", odd_file({.subgraphs = 3}));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->graph.nodes.size(), 1u);
  EXPECT_EQ(read->warnings[0], "it has 3 subgraphs; the first, which uses none of the others, is run");
}

TEST(Tflite, EmptyTensorsThatNothingReadsComeBack) {
  Graph graph = one_operator(*find_op("relu"), find_op("relu")->cases()[0], false, 1);
  graph.tensors.push_back({"left_over", {DType::float32, make_shape({0}), {}}, false, false, {}, false});
  const auto bytes = write_tflite(graph);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  const auto read = read_tflite("m", *bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->tensors.back().type, graph.tensors.back().type);
}

TEST(Tflite, WhatTrainingChangesIsMarked) {
  for (const char* name : {"prelu", "fully_connected"}) {
    OpCase item = find_op(name)->cases()[0];
    item.constant_operands = 0b10;
    const auto bytes = write_tflite(one_operator(*find_op(name), item, false, 1));
    ASSERT_TRUE(bytes.ok()) << bytes.error().message;
    const auto read = read_tflite("m", *bytes);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_FALSE(read->tensors[0].trainable) << name;
    EXPECT_TRUE(read->tensors[1].trainable) << name;
  }
}

TEST(Tflite, TextThatMayBePrinted) {
  EXPECT_TRUE(is_plain_text("dense_1/MatMul;\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad :
       {"\x1b[0m", "a\nb", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xC2\x9B"})
    EXPECT_FALSE(is_plain_text(bad));
}

TEST(Metadata, ComesBackThroughTheFile) {
  ModelMetadata metadata;
  metadata.task = "classification";
  metadata.labels = {"idle", "swipe left", "swipe right"};
  metadata.features = {{"block", "raw"}, {"parameters", {{"scale", {0.5, 0.25}}}}};
  metadata.thresholds = {0.5, 0.9, 0.9};
  metadata.fingerprint = "0123";
  Graph graph = one_operator(*find_op("relu"), find_op("relu")->cases()[0], false, 1);
  ASSERT_TRUE(set_model_metadata(graph, metadata).ok());
  const std::string entry = graph.metadata[kMoteMetadata];
  ASSERT_TRUE(set_model_metadata(graph, metadata).ok());
  EXPECT_EQ(graph.metadata[kMoteMetadata], entry);
  const auto bytes = write_tflite(graph);
  ASSERT_TRUE(bytes.ok());
  const auto again = read_tflite("m", *bytes);
  ASSERT_TRUE(again.ok());
  const auto read = model_metadata(*again);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(**read, metadata);
}

TEST(Metadata, SaysWhichKeyIsWrong) {
  Graph graph;
  EXPECT_FALSE((*model_metadata(graph)).has_value());
  const auto says = [&](const std::string& text, const std::string& part) {
    graph.metadata[kMoteMetadata] = *compress_lzma(text);
    const auto read = model_metadata(graph);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_NE(read.error().message.find(part), std::string::npos) << read.error().message;
  };
  says("{", "not valid JSON");
  says("[]", "metadata 'mote' is not an object");
  says("{}", "lacks 'format'");
  says(R"({"format": 2})", "has format 2; this mote reads 1");
  says(R"({"format": 1, "task": 3})", "has a 'task' that is not a text");
  says(R"({"format": 1, "task": "x", "labels": [1]})", "'labels' entry 0 is not a text");
}

TEST(Metadata, AnEntryThatIsNoSoundLzmaIsRefused) {
  Graph graph;
  const auto says = [&](const std::string& entry, const std::string& problem) {
    graph.metadata[kMoteMetadata] = entry;
    const auto read = model_metadata(graph);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().message, "metadata 'mote': " + problem);
  };
  says("", "is cut off, or not compressed in the .lzma format");
  says(R"({"format":1})", "is cut off, or not compressed in the .lzma format");
  says(*compress_lzma(std::string(kMostMetadataText + 1, ' ')),
       "decompresses to more than 4194304 bytes, which mote refuses");
}

TEST(Metadata, MoreThanAReaderTakesIsNotWritten) {
  Graph graph;
  ModelMetadata metadata;
  metadata.labels = {std::string(kMostMetadataText, 'x')};
  const auto written = set_model_metadata(graph, metadata);
  ASSERT_FALSE(written.ok());
  EXPECT_NE(written.error().message.find("at most 4194304 fit"), std::string::npos) << written.error().message;
  EXPECT_TRUE(graph.metadata.empty());
}

TEST(Tflite, ReadsTheReferenceModels) {
  const char* data = std::getenv("MOTE_DATA");
  const fs::path folder =
      (data != nullptr
           ? fs::path(data)
           : fs::path(std::getenv("MOTE_SOURCE_DIR") ? std::getenv("MOTE_SOURCE_DIR") : ".") / "../shared") /
      "models/mlperf_tiny";
  if (!fs::exists(folder)) GTEST_SKIP() << "no reference models in " << folder;
  const auto files = glob(folder, "*.tflite");
  ASSERT_TRUE(files.ok());
  EXPECT_GE(files->size(), 12u);
  for (const fs::path& path : *files) {
    const auto bytes = read_file(path);
    ASSERT_TRUE(bytes.ok());
    const auto file = read_tflite_file(path.filename().string(), *bytes);
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_GE(file->graph.nodes.size(), 10u);
    if (path.stem() == "ad01_int8") expect_round_trip(file->graph);
  }
}

}  // namespace
}  // namespace mote

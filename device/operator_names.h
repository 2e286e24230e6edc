// Names of TFLite's builtin operators and of the engine's answers, for firmware that wants to print them; about 3 KiB
// of flash, paid only by programs that call these functions.
#pragma once
#include "device/status.h"

namespace mote {

// By code (BuiltinOperator in TFLite's schema.fbs); "UNKNOWN" beyond the list.
inline const char* operator_name(int32_t code) {
  // One string, each name closed by a NUL: a table of pointers would cost four bytes more per name.
  // clang-format off
  const char* names =
      "ADD\0" "AVERAGE_POOL_2D\0" "CONCATENATION\0" "CONV_2D\0" "DEPTHWISE_CONV_2D\0" "DEPTH_TO_SPACE\0"
      "DEQUANTIZE\0" "EMBEDDING_LOOKUP\0" "FLOOR\0" "FULLY_CONNECTED\0" "HASHTABLE_LOOKUP\0" "L2_NORMALIZATION\0"
      "L2_POOL_2D\0" "LOCAL_RESPONSE_NORMALIZATION\0" "LOGISTIC\0" "LSH_PROJECTION\0" "LSTM\0" "MAX_POOL_2D\0" "MUL\0"
      "RELU\0" "RELU_N1_TO_1\0" "RELU6\0" "RESHAPE\0" "RESIZE_BILINEAR\0" "RNN\0" "SOFTMAX\0" "SPACE_TO_DEPTH\0"
      "SVDF\0" "TANH\0" "CONCAT_EMBEDDINGS\0" "SKIP_GRAM\0" "CALL\0" "CUSTOM\0" "EMBEDDING_LOOKUP_SPARSE\0" "PAD\0"
      "UNIDIRECTIONAL_SEQUENCE_RNN\0" "GATHER\0" "BATCH_TO_SPACE_ND\0" "SPACE_TO_BATCH_ND\0" "TRANSPOSE\0" "MEAN\0"
      "SUB\0" "DIV\0" "SQUEEZE\0" "UNIDIRECTIONAL_SEQUENCE_LSTM\0" "STRIDED_SLICE\0" "BIDIRECTIONAL_SEQUENCE_RNN\0"
      "EXP\0" "TOPK_V2\0" "SPLIT\0" "LOG_SOFTMAX\0" "DELEGATE\0" "BIDIRECTIONAL_SEQUENCE_LSTM\0" "CAST\0" "PRELU\0"
      "MAXIMUM\0" "ARG_MAX\0" "MINIMUM\0" "LESS\0" "NEG\0" "PADV2\0" "GREATER\0" "GREATER_EQUAL\0" "LESS_EQUAL\0"
      "SELECT\0" "SLICE\0" "SIN\0" "TRANSPOSE_CONV\0" "SPARSE_TO_DENSE\0" "TILE\0" "EXPAND_DIMS\0" "EQUAL\0"
      "NOT_EQUAL\0" "LOG\0" "SUM\0" "SQRT\0" "RSQRT\0" "SHAPE\0" "POW\0" "ARG_MIN\0" "FAKE_QUANT\0" "REDUCE_PROD\0"
      "REDUCE_MAX\0" "PACK\0" "LOGICAL_OR\0" "ONE_HOT\0" "LOGICAL_AND\0" "LOGICAL_NOT\0" "UNPACK\0" "REDUCE_MIN\0"
      "FLOOR_DIV\0" "REDUCE_ANY\0" "SQUARE\0" "ZEROS_LIKE\0" "FILL\0" "FLOOR_MOD\0" "RANGE\0"
      "RESIZE_NEAREST_NEIGHBOR\0" "LEAKY_RELU\0" "SQUARED_DIFFERENCE\0" "MIRROR_PAD\0" "ABS\0" "SPLIT_V\0" "UNIQUE\0"
      "CEIL\0" "REVERSE_V2\0" "ADD_N\0" "GATHER_ND\0" "COS\0" "WHERE\0" "RANK\0" "ELU\0" "REVERSE_SEQUENCE\0"
      "MATRIX_DIAG\0" "QUANTIZE\0" "MATRIX_SET_DIAG\0" "ROUND\0" "HARD_SWISH\0" "IF\0" "WHILE\0"
      "NON_MAX_SUPPRESSION_V4\0" "NON_MAX_SUPPRESSION_V5\0" "SCATTER_ND\0" "SELECT_V2\0" "DENSIFY\0" "SEGMENT_SUM\0"
      "BATCH_MATMUL\0" "PLACEHOLDER_FOR_GREATER_OP_CODES\0" "CUMSUM\0" "CALL_ONCE\0" "BROADCAST_TO\0" "RFFT2D\0"
      "CONV_3D\0" "\0" "\0" "\0" "HASHTABLE\0" "HASHTABLE_FIND\0" "HASHTABLE_IMPORT\0" "HASHTABLE_SIZE\0"
      "REDUCE_ALL\0" "CONV_3D_TRANSPOSE\0" "VAR_HANDLE\0" "READ_VARIABLE\0" "ASSIGN_VARIABLE\0" "BROADCAST_ARGS\0"
      "RANDOM_STANDARD_NORMAL\0" "BUCKETIZE\0" "RANDOM_UNIFORM\0" "MULTINOMIAL\0" "GELU\0" "DYNAMIC_UPDATE_SLICE\0"
      "RELU_0_TO_1\0" "UNSORTED_SEGMENT_PROD\0" "UNSORTED_SEGMENT_MAX\0" "UNSORTED_SEGMENT_SUM\0" "ATAN2\0"
      "UNSORTED_SEGMENT_MIN\0" "SIGN\0" "BITCAST\0" "BITWISE_XOR\0" "RIGHT_SHIFT\0" "STABLEHLO_LOGISTIC\0"
      "STABLEHLO_ADD\0" "STABLEHLO_DIVIDE\0" "STABLEHLO_MULTIPLY\0" "STABLEHLO_MAXIMUM\0" "STABLEHLO_RESHAPE\0"
      "STABLEHLO_CLAMP\0" "STABLEHLO_CONCATENATE\0" "STABLEHLO_BROADCAST_IN_DIM\0" "STABLEHLO_CONVOLUTION\0"
      "STABLEHLO_SLICE\0" "STABLEHLO_CUSTOM_CALL\0" "STABLEHLO_REDUCE\0" "STABLEHLO_ABS\0" "STABLEHLO_AND\0"
      "STABLEHLO_COSINE\0" "STABLEHLO_EXPONENTIAL\0" "STABLEHLO_FLOOR\0" "STABLEHLO_LOG\0" "STABLEHLO_MINIMUM\0"
      "STABLEHLO_NEGATE\0" "STABLEHLO_OR\0" "STABLEHLO_POWER\0" "STABLEHLO_REMAINDER\0" "STABLEHLO_RSQRT\0"
      "STABLEHLO_SELECT\0" "STABLEHLO_SUBTRACT\0" "STABLEHLO_TANH\0" "STABLEHLO_SCATTER\0" "STABLEHLO_COMPARE\0"
      "STABLEHLO_CONVERT\0" "STABLEHLO_DYNAMIC_SLICE\0" "STABLEHLO_DYNAMIC_UPDATE_SLICE\0" "STABLEHLO_PAD\0"
      "STABLEHLO_IOTA\0" "STABLEHLO_DOT_GENERAL\0" "STABLEHLO_REDUCE_WINDOW\0" "STABLEHLO_SORT\0" "STABLEHLO_WHILE\0"
      "STABLEHLO_GATHER\0" "STABLEHLO_TRANSPOSE\0" "DILATE\0" "STABLEHLO_RNG_BIT_GENERATOR\0" "REDUCE_WINDOW\0"
      "STABLEHLO_COMPOSITE\0" "STABLEHLO_SHIFT_LEFT\0" "STABLEHLO_CBRT\0" "STABLEHLO_CASE\0";
  // clang-format on
  if (code < 0 || code >= 210) return "UNKNOWN";
  for (; code > 0; --code) {
    while (*names != 0) ++names;
    ++names;
  }
  return *names != 0 ? names : "UNKNOWN";
}

// One line for people: what is wrong and what to do.
inline const char* status_text(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::bad_model:
      return "not an intact TFLite v3 file: write it to flash again, whole";
    case Status::missing_operator:
      return "an operator of the model is not in the resolver: add its kernel";
    case Status::unsupported_type:
      return "a tensor has a data type that no kernel in the resolver takes";
    case Status::unsupported_shape:
      return "a tensor has a shape that its operator does not take";
    case Status::unsupported_option:
      return "an operator has an option that its kernel does not implement";
    case Status::bad_quantization:
      return "scale or zero point missing or out of range";
    case Status::arena_too_small:
      return "arena too small: arena_used() tells the bytes needed";
    case Status::misaligned:
      return "model or arena does not start at a multiple of 16: declare it alignas(16)";
    case Status::not_initialized:
      return "invoke before a successful init, or no such operator";
  }
  return "unknown status";
}

}  // namespace mote

"""Small networks through TensorFlow's own converter: what its users' files look like.

usage: convert.py FOLDER [MODEL...]   writes FOLDER/<model>.<form>.tflite, with the packages tensorflow-cpu and tf_keras
                                      (the stored ones: 2.21.0 of both)

Forms: float32; int8 (post-training, int8 inputs and outputs); int8_float_io and int8_uint8_io (the same with QUANTIZE
and DEQUANTIZE at the ends); int8_per_tensor (one scale for all channels); int16 (int16 activations, int8 weights,
int16 ends). Weights and calibration data are drawn with a
fixed seed.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
import tf_keras

layers = tf.keras.layers
MODELS = {}


def model(*shapes, forms=("float32", "int8"), keras=tf.keras):
    """Registers a function from input tensors of these shapes (without the batch) to one output or several."""
    def register(function):
        MODELS[function.__name__] = (function, shapes, forms, keras)
        return function
    return register


def op(function):
    """A TensorFlow function as a layer."""
    return layers.Lambda(function)


@model((20,), forms=("float32", "int8", "int8_float_io", "int8_uint8_io", "int8_per_tensor"))
def dense_stack(x):
    x = layers.Dense(16, activation="relu")(x)
    x = layers.Dense(8, activation="relu6")(x)
    return layers.Dense(4, activation="softmax")(x)


@model((9, 11, 3), forms=("float32", "int8", "int8_float_io", "int8_per_tensor"))
def convolutions(x):
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2D(6, (2, 3), padding="valid", activation="relu6")(x)
    x = layers.Conv2D(4, 1)(x)
    return layers.Flatten()(x)


@model((10, 12, 4))
def dilated_convolution(x):
    x = layers.Conv2D(5, 3, dilation_rate=2, padding="same", activation="relu")(x)
    return layers.Conv2D(3, 3, dilation_rate=(2, 1), padding="valid")(x)


@model((7, 8, 6))
def grouped_convolution(x):
    return layers.Conv2D(8, 3, groups=2, padding="same", activation="relu")(x)


@model((8, 9, 3))
def depthwise(x):
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="relu")(x)
    return layers.DepthwiseConv2D((3, 1), padding="valid")(x)


@model((8, 8, 4))
def separable_with_batch_normalization(x):
    x = layers.SeparableConv2D(6, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(3, activation="softmax")(x)


@model((32, 3))
def convolutions_of_a_signal(x):
    x = layers.Conv1D(8, 5, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling1D(2)(x)
    x = layers.Conv1D(6, 3, strides=2, activation="relu")(x)
    x = layers.GlobalAveragePooling1D()(x)
    return layers.Dense(4, activation="softmax")(x)


@model((24, 4))
def temporal_convolution(x):
    y = layers.Conv1D(4, 3, dilation_rate=2, padding="causal", activation="relu")(x)
    y = layers.Conv1D(4, 3, dilation_rate=4, padding="causal", activation="relu")(y)
    x = layers.Add()([x, y])
    return layers.Dense(2)(layers.Flatten()(x))


@model((24, 4))
def depthwise_of_a_signal(x):
    x = layers.DepthwiseConv1D(3, padding="same", activation="relu")(x)
    return layers.SeparableConv1D(5, 3, strides=2)(x)


@model((5, 6, 4))
def transposed_convolution(x):
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Conv2DTranspose(2, 2, strides=1, padding="valid")(x)


@model((9, 8, 5))
def pools(x):
    x = layers.AveragePooling2D(2, strides=1, padding="same")(x)
    x = layers.MaxPooling2D((3, 2), strides=2, padding="valid")(x)
    return [layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D(keepdims=True)(x)]


@model((6, 6, 8))
def residual_block(x):
    y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(y))
    return layers.ReLU()(layers.Add()([x, y]))


@model((8, 8, 4))
def inverted_residual(x):
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(12, 1, use_bias=False)(x)))
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, strides=1, use_bias=False)(y)))
    y = layers.ZeroPadding2D(1)(y)
    y = layers.BatchNormalization()(layers.Conv2D(4, 2, use_bias=False)(y))
    return layers.Add()([x, y])


@model((6, 6, 8))
def squeeze_and_excite(x):
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Conv2D(2, 1, activation="relu")(y)
    y = layers.Conv2D(8, 1, activation="hard_sigmoid")(y)
    return layers.Multiply()([x, y])


@model((5, 7, 6))
def gate(x):
    return layers.Multiply()([layers.Conv2D(4, 1, activation="sigmoid")(x), layers.Conv2D(4, 1, activation="tanh")(x)])


@model((6, 10))
def activations(x):
    return [layers.LeakyReLU(negative_slope=0.1)(x), layers.ELU()(x), layers.Activation("hard_silu")(x),
            layers.PReLU(shared_axes=[1], alpha_initializer=tf.keras.initializers.RandomUniform(0.1, 0.4))(x),
            layers.ReLU(max_value=6)(x), op(tf.nn.log_softmax)(x), layers.Activation("silu")(x)]


@model((6, 10))
def gelu(x):
    return op(lambda v: tf.nn.gelu(v, approximate=True))(x)


@model((4, 6), (4, 6))
def arithmetic(a, b):
    return [layers.Add()([a, b]), layers.Subtract()([a, b]), layers.Multiply()([a, b]), layers.Maximum()([a, b]),
            layers.Minimum()([a, b]), op(tf.abs)(a), op(lambda v: v * 0.5 + 0.25)(b)]


@model((4, 6), (1, 6))
def broadcast(a, b):
    return [op(lambda p: p[0] + p[1])([a, b]), op(lambda p: p[0] * p[1])([a, b]), op(lambda p: p[1] - p[0])([a, b])]


@model((4, 6), forms=("float32",))
def roots(x):
    y = op(lambda v: tf.square(v) + 0.5)(x)
    return [op(tf.sqrt)(y), op(tf.math.rsqrt)(y)]


@model((5, 8))
def reductions(x):
    return [op(lambda v: tf.reduce_mean(v, axis=1))(x), op(lambda v: tf.reduce_sum(v, axis=2))(x),
            op(lambda v: tf.reduce_max(v, axis=1, keepdims=True))(x)]


@model((5, 8))
def extremes(x):
    return [op(lambda v: tf.argmax(v, axis=2, output_type=tf.int32))(x),
            op(lambda v: tf.argmin(v, axis=1, output_type=tf.int32))(x)]


@model((5, 8))
def normalized(x):
    return op(lambda v: tf.math.l2_normalize(v, axis=2))(x)


@model((6, 8), (6, 4))
def joined(a, b):
    x = layers.Concatenate()([a, b])
    return [op(lambda v: tf.stack([v, 2 * v], axis=1))(x), layers.Concatenate(axis=1)([b, b])]


@model((6, 9))
def parts(x):
    a, b, c = op(lambda v: tf.split(v, 3, axis=2))(x)
    d, e = op(lambda v: tf.split(v, [2, 7], axis=2))(x)
    f = op(lambda v: tf.unstack(v, axis=1))(x)
    return [layers.Add()([a, c]), b, d, e, f[0], f[5]]


@model((6, 8, 4))
def slices(x):
    return [layers.Cropping2D(((1, 2), (0, 3)))(x), op(lambda v: v[:, ::2, 1:7:3, ::-1])(x),
            op(lambda v: tf.slice(v, [0, 1, 2, 0], [-1, 3, 4, 2]))(x), op(lambda v: tf.gather(v, [3, 0, 3], axis=2))(x)]


@model((4, 6, 8))
def shapes(x):
    y = layers.Permute((3, 1, 2))(x)
    return [layers.Reshape((6, 32))(y), op(lambda v: tf.expand_dims(v, 1))(x),
            op(lambda v: tf.squeeze(v[:, :1], axis=1))(x), op(lambda v: tf.transpose(v, [0, 3, 2, 1]))(x)]


@model((4, 6, 8))
def space_and_depth(x):
    return [op(lambda v: tf.nn.depth_to_space(v, 2))(x), op(lambda v: tf.nn.space_to_depth(v, 2))(x)]


@model((4, 5, 3))
def resized(x):
    return [layers.UpSampling2D((2, 3), interpolation="bilinear")(x), op(lambda v: tf.image.resize(v, [7, 4]))(x),
            op(lambda v: tf.image.resize(v, [8, 10], method="nearest"))(x)]


@model((4, 5, 3))
def repeated(x):
    return layers.UpSampling2D(2, interpolation="nearest")(x)


@model((5, 6, 3))
def padded(x):
    return layers.ZeroPadding2D(((1, 0), (2, 3)))(x)


@model((5, 6, 3))
def padded_with_a_number(x):
    return op(lambda v: tf.pad(v, [[0, 0], [1, 1], [0, 2], [0, 0]], constant_values=0.5))(x)


@model((5, 6, 3))
def mirrored(x):
    return op(lambda v: tf.pad(v, [[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT"))(x)


# Keras 3 no longer writes the LSTM as one operator; Keras 2 does.
@model((6, 5), keras=tf_keras)
def recurrent_lstm(x):
    return tf_keras.layers.Dense(3)(tf_keras.layers.LSTM(4)(x))


@model((6, 5), keras=tf_keras)
def recurrent_lstm_sequences(x):
    x = tf_keras.layers.LSTM(6, return_sequences=True)(x)
    return tf_keras.layers.LSTM(4, return_sequences=True)(x)


@model((5, 4))
def recurrent_lstm_unrolled(x):
    return layers.LSTM(3, unroll=True)(x)


@model((5, 4))
def recurrent_gru_unrolled(x):
    return layers.Dense(3)(layers.GRU(4, unroll=True)(x))


@model((5, 4))
def recurrent_simple_unrolled(x):
    return layers.SimpleRNN(4, unroll=True)(x)


@model((6, 8))
def layer_normalization(x):
    return layers.LayerNormalization()(x)


@model((6, 8))
def attention(x):
    q, k, v = layers.Dense(4)(x), layers.Dense(4)(x), layers.Dense(4)(x)
    return op(lambda p: tf.matmul(tf.nn.softmax(tf.matmul(p[0], p[1], transpose_b=True)), p[2]))([q, k, v])


@model((40,))
def autoencoder(x):
    for units in (16, 8, 4, 8, 16):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(units)(x)))
    return layers.Dense(40)(x)


@model((6, 6, 4))
def fake_quantized(x):
    x = op(lambda v: tf.quantization.fake_quant_with_min_max_args(v, -3, 3))(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = op(lambda v: tf.quantization.fake_quant_with_min_max_args(v, 0, 4))(x)
    return layers.Dense(3)(x)


# Sensor networks with all that 16-bit activations meet.
@model((12, 10, 2), forms=("int16",))
def sensor_image(x):
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    y = layers.Conv2D(8, 1)(y)
    x = layers.Add()([x, y])
    x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    return layers.Dense(5, activation="softmax")(layers.Flatten()(x))


@model((24, 3), forms=("int16",))
def sensor_signal(x):
    x = layers.Conv1D(6, 5, padding="same")(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Multiply()([layers.Conv1D(4, 1, activation="sigmoid")(x), layers.Conv1D(4, 1, activation="tanh")(x)])
    x = layers.GlobalAveragePooling1D()(x)
    return layers.Dense(2)(layers.Reshape((4,))(x))


class Streaming(tf.Module):
    """Convolution over what it keeps of earlier calls and what is new."""
    def __init__(self):
        rng = np.random.default_rng(7)
        self.state = tf.Variable(np.zeros((1, 4, 6), np.float32), name="states")
        self.filters = tf.constant(rng.normal(size=(3, 6, 5)).astype(np.float32))
        self.weights = tf.constant(rng.normal(size=(20, 3)).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec((1, 2, 6), tf.float32)])
    def __call__(self, x):
        x = tf.concat([self.state, x], 1)
        self.state.assign(x[:, 2:, :])
        x = tf.nn.relu(tf.nn.conv1d(x, self.filters, 1, "VALID"))
        return tf.matmul(tf.reshape(x, (1, 20)), self.weights)


MODELS["streaming"] = (Streaming, [(2, 6)], ("float32", "int8"), None)


def examples(shapes, count, seed):
    rng = np.random.default_rng(seed)
    return [[rng.normal(size=(1, *shape)).astype(np.float32) for shape in shapes] for _ in range(count)]


def build(name):
    """The network with all weights drawn: as after training, no bias is zero and no variance one."""
    function, shapes, _, keras = MODELS[name]
    keras.backend.clear_session()
    keras.utils.set_random_seed(len(name))
    inputs = [keras.Input(shape, batch_size=1) for shape in shapes]
    network = keras.Model(inputs, function(*inputs), name=name)
    rng = np.random.default_rng(len(name))
    for weight in network.weights:
        kind = weight.name.split("/")[-1].split(":")[0]
        if kind in ("bias", "beta", "moving_mean"):
            weight.assign(rng.normal(scale=0.3, size=weight.shape))
        if kind in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, size=weight.shape))
    return network


def convert(name, form):
    function, shapes, _, keras = MODELS[name]
    network = build(name) if keras else function()
    if keras is None:
        converter = tf.lite.TFLiteConverter.from_concrete_functions([network.__call__.get_concrete_function()], network)
        converter.experimental_enable_resource_variables = True
        converter._experimental_variable_quantization = form != "float32"
    elif keras is tf.keras:
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
    else:
        signature = [tf.TensorSpec((1, *shape), tf.float32) for shape in shapes]
        function = tf.function(lambda *inputs: network(list(inputs))).get_concrete_function(*signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], network)
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: examples(shapes, 50, 1)
        int16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [int16 if form == "int16" else tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        io = {"int8_float_io": tf.float32, "int8_uint8_io": tf.uint8, "int16": tf.int16}.get(form, tf.int8)
        converter.inference_input_type = converter.inference_output_type = io
        converter._experimental_disable_per_channel = form == "int8_per_tensor"
    return converter.convert()


def main():
    folder, *names = sys.argv[1:]
    for name in names or MODELS:
        for form in MODELS[name][2]:
            with open(os.path.join(folder, f"{name}.{form}.tflite"), "wb") as file:
                file.write(convert(name, form))


if __name__ == "__main__":
    main()

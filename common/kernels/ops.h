// Fused element-wise operations of the inference engines over row-major f32 buffers.
// Single-threaded, allocation-free, vectorised by the compiler for the CPU found at run time. An
// output may be the same buffer as an input of the same shape; it must not overlap otherwise.
#ifndef TACT_COMMON_KERNELS_OPS_H_
#define TACT_COMMON_KERNELS_OPS_H_

#include <cstdint>

namespace tact {

// T5LayerNorm (Zhang & Sennrich 2019, no mean, no bias): y = x / sqrt(mean(x^2) + eps) * weight.
void RmsNorm(const float* x /*[rows, dim]*/, const float* weight /*[dim]*/, float* y, int64_t rows,
             int64_t dim, float eps);

// Backward of RmsNorm with factor = 1 / sqrt(mean(x^2) + eps): dx is overwritten; where
// `weight_gradient` [dim] is not null, the rows' share is added to it.
void RmsNormBackward(const float* x /*[rows, dim]*/, const float* weight, const float* dy,
                     float* dx, float* weight_gradient, int64_t rows, int64_t dim, float eps);

// residual += x; y = RmsNorm(residual). One pass over each row.
void AddRmsNorm(float* residual /*[rows, dim]*/, const float* x, const float* weight, float* y,
                int64_t rows, int64_t dim, float eps);

// y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance.
void LayerNorm(const float* x /*[rows, dim]*/, const float* weight, const float* bias, float* y,
               int64_t rows, int64_t dim, float eps);

// y = LayerNorm(x + residual), as the post-norm blocks of BERT and RoBERTa.
void AddLayerNorm(const float* x, const float* residual, const float* weight, const float* bias,
                  float* y, int64_t rows, int64_t dim, float eps);

// y = a * b.
void Multiply(const float* a, const float* b, float* y, int64_t n);
// y += x.
void AddInPlace(float* y, const float* x, int64_t n);
// y [rows, dim] += bias [dim] on each row.
void AddBias(float* y, const float* bias, int64_t rows, int64_t dim);

// Activations; x may be y. gelu_new is the tanh form of Google's BERT, gelu the exact one with erf.
void Relu(const float* x, float* y, int64_t n);
void Gelu(const float* x, float* y, int64_t n);
void GeluNew(const float* x, float* y, int64_t n);
void Tanh(const float* x, float* y, int64_t n);

// y = gelu_new(gate) * linear, the feed-forward gate of T5 v1.1 (Shazeer 2020).
void GeluNewGate(const float* gate, const float* linear, float* y, int64_t n);
// Its backward: d_gate and d_linear from dy; they may be the same buffers as gate and linear.
void GeluNewGateBackward(const float* gate, const float* linear, const float* dy, float* d_gate,
                         float* d_linear, int64_t n);
// GeluNewGate where one fused product has made both: x [rows, 2 * dim] = gate | linear -> y [rows,
// dim].
void GeluNewGateRows(const float* x, float* y, int64_t rows, int64_t dim);

// x [n] <- softmax(x + bias) in place; `bias` [n] may be null. -inf gives 0; n >= 1.
void Softmax(float* x, const float* bias, int64_t n);
// x [n] <- exp(x + bias - max(x + bias)), softmax but for the division by the sum, which it
// returns.
float ExpScores(float* x, const float* bias, int64_t n);
// Backward of softmax for one row: dy [n] becomes the gradient of the scores, p * (dy - dy . p).
void SoftmaxGradient(const float* p, float* dy, int64_t n);
// log(sum(exp(x))) of one row.
float LogSumExp(const float* x, int64_t n);
// y = x - LogSumExp(x) for one row.
void LogSoftmax(const float* x, float* y, int64_t n);
// Index of the first greatest value; n >= 1.
int64_t ArgMax(const float* x, int64_t n);

float Dot(const float* a, const float* b, int64_t n);

}  // namespace tact

#endif  // TACT_COMMON_KERNELS_OPS_H_

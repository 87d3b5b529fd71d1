// The plain form of the products against those that this CPU can run, and oneDNN's.
#include "common/kernels/panels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "common/kernels/cpu.h"
#include "common/kernels/onednn_linear.h"

namespace tact {
namespace {

// Small whole numbers, whose sums are exact in any order.
std::vector<float> Whole(int64_t n) {
  std::vector<float> out(static_cast<size_t>(n));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i * 7919 % 17) - 8.0f;
  return out;
}

struct Product {
  int64_t rows, depth, columns;
  std::vector<float> x = Whole(rows * depth), bias = Whole(columns);
  int64_t panels = (columns + kPanelWidth - 1) / kPanelWidth;
  std::vector<float> weights = Whole(panels * kPanelWidth * depth);

  F32Product To(std::vector<float>& y) const {
    return {x.data(), depth,   rows,    depth,       weights.data(),     kPanelWidth * depth,
            y.data(), columns, columns, bias.data(), /*accumulate=*/true};
  }
};

struct Form {
  const char* name;
  PanelKernels kernels;
};

// What this CPU can run, the plain form first.
std::vector<Form> Forms() {
  const CpuFeatures& has = GetCpuFeatures();
  CpuFeatures features;
  std::vector<Form> forms = {{"plain", PanelsFor(features)}};
  const auto add = [&](const char* name, bool there, bool CpuFeatures::*feature) {
    if (!there) return;
    features.*feature = true;
    forms.push_back({name, PanelsFor(features)});
  };
  add("avx2", has.avx2, &CpuFeatures::avx2);
  add("avx512", has.avx512, &CpuFeatures::avx512);
  add("vnni", has.avx512_vnni, &CpuFeatures::avx512_vnni);
  add("amx", has.amx, &CpuFeatures::amx);
  return forms;
}

TEST(PanelsTest, FormsEqualTheDefinition) {
  for (const auto& [rows, depth, columns] : {std::tuple{1, 7, 5},
                                             {1, 800, 90},
                                             {2, 400, 40},
                                             {5, 3, 16},
                                             {13, 385, 33},
                                             {30, 9, 50},
                                             {11, 800, 80}}) {
    const Product product = {rows, depth, columns};
    std::vector<float> plain(static_cast<size_t>(rows * columns), 2.0f);
    PanelsFor({}).f32(product.To(plain));
    for (const Form& form : Forms()) {
      std::vector<float> best(plain.size(), 2.0f);
      form.kernels.f32(product.To(best));
      EXPECT_EQ(plain, best) << form.name;
    }
    float sum = 2.0f + product.bias.back();  // the last row and column
    const float* x = product.x.data() + (rows - 1) * depth;
    const float* panel = product.weights.data() + (product.panels - 1) * kPanelWidth * depth;
    for (int k = 0; k < depth; ++k) sum += x[k] * panel[k * kPanelWidth + (columns - 1) % 16];
    EXPECT_EQ(plain.back(), sum);
  }
}

TEST(PanelsTest, Int8FormsAreEqual) {
  const int64_t rows = 9, depth = 70, columns = 37;
  std::vector<int16_t> x(rows * depth);
  std::vector<int8_t> weights(3 * kPanelWidth * depth);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int16_t>(i * 7919 % 40000 - 20000);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<int8_t>(i * 31 % 255 - 127);
  const std::vector<float> row_scales = Whole(rows), scales = Whole(3 * kPanelWidth);
  std::vector<float> plain(rows * columns), best = plain;
  Int8Product product = {
      x.data(), depth,   rows,    depth, weights.data(),    kPanelWidth * depth, plain.data(),
      columns,  columns, nullptr, false, row_scales.data(), scales.data()};
  PanelsFor({}).int8(product);
  for (const Form& form : Forms()) {
    product.y = best.data();
    form.kernels.int8(product);
    EXPECT_EQ(plain, best) << form.name;
  }
}

// A product of bytes whose sums reach the ends of their range.
struct BytesCase {
  int64_t rows, depth, columns;
  int64_t panels = (columns + kPanelWidth - 1) / kPanelWidth;
  std::vector<uint8_t> x = std::vector<uint8_t>(static_cast<size_t>(rows * depth));
  std::vector<int8_t> weights =
      std::vector<int8_t>(static_cast<size_t>(panels * kPanelWidth * depth));
  std::vector<int32_t> zeros = std::vector<int32_t>(static_cast<size_t>(rows)),
                       sums = std::vector<int32_t>(static_cast<size_t>(panels * kPanelWidth));
  std::vector<float> row_scales = Whole(rows), scales = Whole(panels * kPanelWidth),
                     bias = Whole(columns);

  void Fill() {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<uint8_t>(i % 5 == 0 ? 255 : i * 7919 % 256);
    }
    for (size_t i = 0; i < weights.size(); ++i) {
      weights[i] = static_cast<int8_t>(i % 3 == 0 ? 127 : static_cast<int>(i * 31 % 255) - 127);
    }
    for (size_t i = 0; i < zeros.size(); ++i) zeros[i] = static_cast<int32_t>(i * 37 % 256);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = static_cast<int32_t>(i * 1009) - 20000;
  }
  ByteProduct To(std::vector<float>& y) const {
    return {x.data(),
            depth,
            rows,
            depth,
            weights.data(),
            kPanelWidth * depth,
            y.data(),
            columns,
            columns,
            bias.data(),
            /*accumulate=*/true,
            row_scales.data(),
            scales.data(),
            zeros.data(),
            sums.data()};
  }
};

TEST(PanelsTest, ByteProductsAreEqualInAllForms) {
  for (const auto& [rows, depth, columns] : {std::tuple{1, 64, 5},
                                             {1, 768, 90},
                                             {2, 128, 40},
                                             {5, 192, 16},
                                             {16, 64, 32},
                                             {17, 64, 33},
                                             {32, 128, 48},
                                             {45, 64, 50},
                                             {64, 64, 17}}) {
    BytesCase bytes = {rows, depth, columns};
    bytes.Fill();
    std::vector<float> plain(static_cast<size_t>(rows * columns), 2.0f);
    PanelsFor({}).bytes(bytes.To(plain));
    for (const Form& form : Forms()) {
      std::vector<float> best(plain.size(), 2.0f);
      form.kernels.bytes(bytes.To(best));
      EXPECT_EQ(plain, best) << form.name << ' ' << rows << ' ' << depth << ' ' << columns;
    }
    int32_t sum = -bytes.zeros[0] * bytes.sums[0];  // the first row and column
    for (int k = 0; k < depth; ++k) sum += bytes.x[k] * bytes.weights[k / 4 * 64 + k % 4];
    EXPECT_EQ(
        plain.front(),
        2.0f + (static_cast<float>(sum) * (bytes.row_scales[0] * bytes.scales[0]) + bytes.bias[0]));
  }
}

TEST(PanelsTest, QuantizationFormsAreEqual) {
  for (const int64_t size : {1, 15, 16, 37, 800}) {
    std::vector<float> x = Whole(size);
    for (float& value : x) value *= 0.37f;
    std::vector<int16_t> plain(x.size()), best = plain;
    const float scale = PanelsFor({}).quantize(x.data(), size, 5000, plain.data());
    for (const Form& form : Forms()) {
      EXPECT_EQ(form.kernels.quantize(x.data(), size, 5000, best.data()), scale);
      EXPECT_EQ(plain, best) << form.name;
    }
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(scale * plain[i], x[i], scale * 0.51f);
  }
}

TEST(PanelsTest, ByteFormsAreEqual) {
  for (const int64_t size : {1, 15, 16, 37, 800}) {
    std::vector<float> x = Whole(size);
    for (float& value : x) value *= 0.37f;
    std::vector<uint8_t> plain(x.size()), best = plain;
    const ByteCode code = PanelsFor({}).quantize_bytes(x.data(), size, plain.data());
    for (const Form& form : Forms()) {
      const ByteCode other = form.kernels.quantize_bytes(x.data(), size, best.data());
      EXPECT_EQ(other.scale, code.scale) << form.name;
      EXPECT_EQ(other.zero, code.zero) << form.name;
      EXPECT_EQ(plain, best) << form.name;
    }
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(code.scale * static_cast<float>(plain[i] - code.zero), x[i], code.scale * 1.01f);
    }
  }
}

TEST(PanelsTest, BytesOfZerosAreZeroAndWhatIsNotFiniteStaysSo) {
  std::vector<float> x(40, 0.0f);
  std::vector<uint8_t> codes(x.size());
  for (const Form& form : Forms()) {
    const ByteCode zeros = form.kernels.quantize_bytes(x.data(), 40, codes.data());
    for (const uint8_t code : codes) {
      EXPECT_EQ(zeros.scale * static_cast<float>(code - zeros.zero), 0) << form.name;
    }
    for (const float broken : {NAN, INFINITY, -INFINITY}) {
      for (const size_t at : {size_t{3}, size_t{39}}) {
        std::vector<float> spoilt = x;
        spoilt[at] = broken;
        const float scale = form.kernels.quantize_bytes(spoilt.data(), 40, codes.data()).scale;
        EXPECT_FALSE(std::isfinite(scale)) << form.name;
      }
    }
  }
}

TEST(OneDnnLinearTest, EqualsTheDefinition) {
  using Type = dnnl::memory::data_type;
  const int64_t in = 24, out = 40;
  const std::vector<float> weight = Whole(out * in), bias = Whole(out);
  const OneDnnLinear linear({Type::f32, Type::f32, Type::f32}, weight.data(), bias.data(), out, in);
  for (const int64_t m : {1, 3, 64, 200}) {
    const std::vector<float> x = Whole(m * in);
    std::vector<float> y(static_cast<size_t>(m * out), 1.0f);
    linear.Forward(x.data(), y.data(), m, /*accumulate=*/true);
    for (int64_t i = 0; i < m * out; ++i) {
      float sum = 1.0f + bias[i % out];
      for (int64_t k = 0; k < in; ++k) sum += x[i / out * in + k] * weight[i % out * in + k];
      ASSERT_EQ(y[i], sum) << m << " rows, at " << i;
    }
  }
}

TEST(OneDnnLinearTest, BytesGiveExactSums) {
  using Type = dnnl::memory::data_type;
  const int64_t in = 32, out = 20, m = 5;
  std::vector<uint8_t> x(m * in);
  std::vector<int8_t> weight(out * in);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 37 % 60);
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<int8_t>(i * 31 % 255 - 127);
  const OneDnnLinear linear({Type::u8, Type::s8, Type::s32}, weight.data(), nullptr, out, in);
  std::vector<int32_t> y(m * out);
  linear.Forward(x.data(), y.data(), m, /*accumulate=*/false);
  for (int64_t i = 0; i < m * out; ++i) {
    int32_t sum = 0;
    for (int64_t k = 0; k < in; ++k) sum += x[i / out * in + k] * weight[i % out * in + k];
    ASSERT_EQ(y[i], sum) << "at " << i;
  }
}

}  // namespace
}  // namespace tact

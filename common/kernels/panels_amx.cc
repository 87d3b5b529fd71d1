// Compiled for AMX, whose tiles multiply 16 rows of 64 bytes with 16 outputs at once; called only
// where the CPU has it and the system has allowed it. Sums are exact, so they equal VNNI's.
#include "common/kernels/panels_avx512.h"

namespace tact {
namespace {

constexpr int kTile = 16;  // rows and outputs of a tile of sums

// As LDTILECFG reads it.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes_per_row[16] = {};
  uint8_t rows[16] = {};
};

// Tiles 0 to 3 hold the sums of two tiles of rows by two panels, 4 and 5 the rows' inputs, 6 and 7
// the panels' weights.
void Configure(int upper, int lower) {
  TileConfig config;
  const int rows[8] = {upper, upper, lower, lower, upper, lower, kTile, kTile};
  for (int i = 0; i < 8; ++i) {
    config.bytes_per_row[i] = 64;
    config.rows[i] = static_cast<uint8_t>(rows[i]);
  }
  // GCC 12 knows of the first eight bytes only that the instruction reads.
  asm volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig(&config);
}

// Up to 32 rows times two panels.
struct Block {
  const ByteProduct& p;
  int64_t row, rows, panel, panels;

  void Run() const {
    alignas(64) int32_t sums[2][2][kTile][kTile];  // [tile of rows][panel][row][output]
    if (panels == 2 && rows > kTile) {
      Multiply<true, true>(sums);
    } else if (panels == 2) {
      Multiply<false, true>(sums);
    } else if (rows > kTile) {
      Multiply<true, false>(sums);
    } else {
      Multiply<false, false>(sums);
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t q = 0; q < panels; ++q) {
        StoreSums(p, {row, panel, 0, p.depth}, static_cast<int>(r), static_cast<int>(q),
                  _mm512_load_si512(sums[r / kTile][q][r % kTile]));
      }
    }
  }

 private:
  template <bool kLower, bool kSecond>
  void Multiply(int32_t (&sums)[2][2][kTile][kTile]) const {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const uint8_t* x = p.x + row * p.x_stride;
    const int8_t* weights = p.panels + panel * p.panel_stride;
    for (int64_t k = 0; k < p.depth; k += kByteDepth) {
      _tile_loadd(6, weights + k * kPanelWidth, 64);
      _tile_loadd(4, x + k, p.x_stride);
      _tile_dpbusd(0, 4, 6);
      if constexpr (kSecond) {
        _tile_loadd(7, weights + p.panel_stride + k * kPanelWidth, 64);
        _tile_dpbusd(1, 4, 7);
      }
      if constexpr (kLower) {
        _tile_loadd(5, x + kTile * p.x_stride + k, p.x_stride);
        _tile_dpbusd(2, 5, 6);
        if constexpr (kSecond) _tile_dpbusd(3, 5, 7);
      }
    }
    _tile_stored(0, sums[0][0], 64);
    if constexpr (kSecond) _tile_stored(1, sums[0][1], 64);
    if constexpr (kLower) _tile_stored(2, sums[1][0], 64);
    if constexpr (kLower && kSecond) _tile_stored(3, sums[1][1], 64);
  }
};

constexpr int64_t kBlockRows = 2 * kTile;

// Blocks of the same height share a configuration: first the full ones, then the rest.
void Bytes(const ByteProduct& p) {
  const int64_t panels = (p.columns + kPanelWidth - 1) / kPanelWidth;
  const int64_t full = p.rows / kBlockRows * kBlockRows, rest = p.rows - full;
  const auto blocks = [&](int64_t begin, int64_t end, int64_t height) {
    for (int64_t panel = 0; panel < panels; panel += 2) {
      for (int64_t row = begin; row < end; row += height) {
        Block{p, row, height, panel, panels - panel < 2 ? 1 : 2}.Run();
      }
    }
  };
  if (full > 0) {
    Configure(kTile, kTile);
    blocks(0, full, kBlockRows);
  }
  if (rest > 0) {
    const int upper = static_cast<int>(rest < kTile ? rest : kTile);
    const int lower = static_cast<int>(rest) - upper;
    Configure(upper, lower == 0 ? kTile : lower);
    blocks(full, p.rows, rest);
  }
  _tile_release();
}

}  // namespace

void UseAmx(PanelKernels& kernels) { kernels.bytes = Bytes; }

}  // namespace tact

/*===- tiles.c - What AMX's instructions compute --------------------*- C -*-===
 *
 * For machines without them: tiles.py makes calls of these of the intrinsics. A
 * tile is 16 rows of 64 bytes.
 *
 *===----------------------------------------------------------------------===*/
#include <stdint.h>
#include <string.h>

enum { ROWS = 16, BYTES = 64 };

void slim_tilezero(char *tile) { memset(tile, 0, ROWS * BYTES); }

void slim_tileload(char *tile, const char *from, int64_t stride) {
  for (int row = 0; row < ROWS; ++row)
    memcpy(tile + row * BYTES, from + row * stride, BYTES);
}

void slim_tilestore(const char *tile, char *to, int64_t stride) {
  for (int row = 0; row < ROWS; ++row)
    memcpy(to + row * stride, tile + row * BYTES, BYTES);
}

static int get(char byte, int is_unsigned) {
  return is_unsigned ? (uint8_t)byte : (int8_t)byte;
}

/* left[m][4 k + i] * right[k][4 n + i] */
void slim_tile_bytes(int32_t *sums, const char *left, const char *right,
                     int left_is_unsigned, int right_is_unsigned) {
  for (int m = 0; m < ROWS; ++m)
    for (int n = 0; n < 16; ++n)
      for (int k = 0; k < 16; ++k)
        for (int i = 0; i < 4; ++i)
          sums[m * 16 + n] +=
              get(left[m * BYTES + 4 * k + i], left_is_unsigned) *
              get(right[k * BYTES + 4 * n + i], right_is_unsigned);
}

static float widen(const char *element) {
  uint16_t upper;
  memcpy(&upper, element, 2);
  uint32_t bits = (uint32_t)upper << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* left[m][2 k + i] * right[k][2 n + i], of bf16 */
void slim_tile_bf16(float *sums, const char *left, const char *right) {
  for (int m = 0; m < ROWS; ++m)
    for (int n = 0; n < 16; ++n)
      for (int k = 0; k < 16; ++k)
        for (int i = 0; i < 2; ++i)
          sums[m * 16 + n] += widen(left + m * BYTES + 4 * k + 2 * i) *
                              widen(right + k * BYTES + 4 * n + 2 * i);
}

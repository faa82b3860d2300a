// Copying and filling. Eight words at a time where both sides are aligned alike. Compiled so that the loops stay loops.
#include <cstddef>
#include <cstdint>

namespace {

using Word = uint64_t;
constexpr size_t word_size = sizeof(Word), block_words = 8, block_size = block_words * word_size;
// What bytes are read as words through: it may alias everything.
typedef Word __attribute__((may_alias)) AnyWord;

bool is_aligned(uintptr_t address) { return address % word_size == 0; }

// Upwards; where the sides overlap, `out` lies below `in` and both are aligned alike.
void copy_up(unsigned char* out, const unsigned char* in, size_t count) {
  auto out_address = reinterpret_cast<uintptr_t>(out), in_address = reinterpret_cast<uintptr_t>(in);
  if (is_aligned(out_address ^ in_address) && count >= 2 * word_size) {
    for (; !is_aligned(reinterpret_cast<uintptr_t>(out)); --count) *out++ = *in++;
    auto* words_out = reinterpret_cast<AnyWord*>(out);
    auto* words_in = reinterpret_cast<const AnyWord*>(in);
    for (; count >= block_size; count -= block_size, words_out += block_words, words_in += block_words) {
      Word a = words_in[0], b = words_in[1], c = words_in[2], d = words_in[3];
      Word e = words_in[4], f = words_in[5], g = words_in[6], h = words_in[7];
      words_out[0] = a, words_out[1] = b, words_out[2] = c, words_out[3] = d;
      words_out[4] = e, words_out[5] = f, words_out[6] = g, words_out[7] = h;
    }
    for (; count >= word_size; count -= word_size) *words_out++ = *words_in++;
    out = reinterpret_cast<unsigned char*>(words_out);
    in = reinterpret_cast<const unsigned char*>(words_in);
  } else if (count >= 4 * word_size) {
    // Aligned stores of words put together from two aligned loads each; the loads never leave the words that hold source bytes.
    for (; !is_aligned(reinterpret_cast<uintptr_t>(out)); --count) *out++ = *in++;
    unsigned shift = static_cast<unsigned>(reinterpret_cast<uintptr_t>(in) % word_size) * 8;
    auto* words_in = reinterpret_cast<const AnyWord*>(reinterpret_cast<uintptr_t>(in) & ~(word_size - 1));
    auto* words_out = reinterpret_cast<AnyWord*>(out);
    size_t words = count / word_size;
    Word low = *words_in++;
    for (size_t index = 0; index < words; ++index) {
      Word high = *words_in++;
      *words_out++ = low >> shift | high << (64 - shift);
      low = high;
    }
    out += words * word_size;
    in += words * word_size;
    count -= words * word_size;
  }
  for (; count > 0; --count) *out++ = *in++;
}

}  // namespace

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, size_t count) {
  copy_up(static_cast<unsigned char*>(to), static_cast<const unsigned char*>(from), count);
  return to;
}

void* memmove(void* to, const void* from, size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  auto* in = static_cast<const unsigned char*>(from);
  bool are_alike = is_aligned(reinterpret_cast<uintptr_t>(out) ^ reinterpret_cast<uintptr_t>(in));
  bool are_apart = out >= in + count || out + count <= in;
  if (are_apart || (out <= in && are_alike)) {
    copy_up(out, in, count);
    return to;
  }
  if (out < in) {
    for (size_t index = 0; index < count; ++index) out[index] = in[index];
    return to;
  }
  while (count > 0 && (!is_aligned(reinterpret_cast<uintptr_t>(out + count)) || !is_aligned(reinterpret_cast<uintptr_t>(in + count)))) {
    --count;
    out[count] = in[count];
  }
  for (; count >= word_size; count -= word_size)
    *reinterpret_cast<AnyWord*>(out + count - word_size) = *reinterpret_cast<const AnyWord*>(in + count - word_size);
  while (count > 0) {
    --count;
    out[count] = in[count];
  }
  return to;
}

void* memset(void* to, int value, size_t count) {
  auto* out = static_cast<unsigned char*>(to);
  auto byte = static_cast<unsigned char>(value);
  if (count >= 2 * word_size) {
    Word word = byte * 0x0101010101010101u;
    for (; !is_aligned(reinterpret_cast<uintptr_t>(out)); --count) *out++ = byte;
    auto* words = reinterpret_cast<AnyWord*>(out);
    for (; count >= block_size; count -= block_size, words += block_words) {
      words[0] = word, words[1] = word, words[2] = word, words[3] = word;
      words[4] = word, words[5] = word, words[6] = word, words[7] = word;
    }
    for (; count >= word_size; count -= word_size) *words++ = word;
    out = reinterpret_cast<unsigned char*>(words);
  }
  for (; count > 0; --count) *out++ = byte;
  return to;
}
}

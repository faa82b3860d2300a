// The functions on bytes that the compiler calls by name. Compiled so that it does not turn their loops into calls of themselves. Copying
// and filling are the ISA's.
#include <cstddef>

extern "C" {

int memcmp(const void* a, const void* b, size_t count) {
  auto* left = static_cast<const unsigned char*>(a);
  auto* right = static_cast<const unsigned char*>(b);
  for (size_t index = 0; index < count; ++index)
    if (left[index] != right[index]) return left[index] - right[index];
  return 0;
}

int bcmp(const void* a, const void* b, size_t count) { return memcmp(a, b, count); }

void* memchr(const void* bytes, int wanted, size_t count) {
  auto* byte = static_cast<const unsigned char*>(bytes);
  for (; count > 0; --count, ++byte)
    if (*byte == static_cast<unsigned char>(wanted)) return const_cast<unsigned char*>(byte);
  return nullptr;
}

size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}
}

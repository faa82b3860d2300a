// What an address space holds, for /proc and getrusage(2): sizes are kept up to date by those who map; what kind of memory is resident is
// found by a look at every page.
#include "core/base/lock_guard.h"
#include "core/mm/address_space.h"

namespace halcyon {

namespace {

// A private mapping of a file holds the file's own pages until it writes to them.
class KindCounter final : public PageVisitor {
 public:
  KindCounter(ResidentPages& pages, const Vma& vma) : pages_(pages), vma_(vma), cache_(vma.cache()) {}
  void page(UserAddr address, const Translation& translation) override {
    bool is_file_page = cache_ != nullptr;
    if (is_file_page && !vma_.is_shared) {
      FrameRef cached = cache_->find(vma_.page_index(address));
      is_file_page = cached && cached.address() == translation.frame;
    }
    uint64_t& kind = !is_file_page ? pages_.anonymous : cache_->has_source() ? pages_.file : pages_.shared;
    ++kind;
  }

 private:
  ResidentPages& pages_;
  const Vma& vma_;
  PageCache* cache_;
};

}  // namespace

void AddressSpace::visit(VmaVisitor& visitor, UserAddr from) {
  LockGuard guard(lock_);
  for (Vma* vma = find_from(from); vma;) {
    if (!visitor.vma(*vma, *tables_)) return;
    vma = vma->next;
  }
}

MemoryUse AddressSpace::use() {
  LockGuard guard(lock_);
  MemoryUse use;
  use.mapped = mapped_pages_;
  use.peak_mapped = peak_mapped_;
  use.resident = tables_->present_pages();
  use.peak_resident = std::max(peak_resident_, use.resident);
  use.tables = tables_->table_pages();
  for (const Vma& vma : vmas_) {
    uint64_t pages = vma.length() >> page_shift;
    bool writes = (vma.protection & prot::write) != 0;
    if (vma.grows_down) use.stack += pages;
    else if (writes && !vma.is_shared) use.data += pages;
    else if (!writes && (vma.protection & prot::execute)) use.executable += pages;
    if (vma.is_locked) use.locked += pages;
  }
  return use;
}

ResidentPages AddressSpace::resident_kinds() {
  ResidentPages pages;
  LockGuard guard(lock_);
  for (const Vma& vma : vmas_) {
    KindCounter counter(pages, vma);
    tables_->visit(vma.start, vma.end, counter);
  }
  return pages;
}

uint64_t AddressSpace::peak_resident_pages() {
  LockGuard guard(lock_);
  return std::max(peak_resident_, tables_->present_pages());
}

}  // namespace halcyon

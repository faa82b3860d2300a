// ACPI tables as a firmware would leave them, whole and damaged.
#include "hal-baremetal/firmware/acpi.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace halcyon::hal {
namespace {

using Table = std::vector<std::byte>;

template <class T>
void put(Table& table, size_t offset, T value) {
  if (table.size() < offset + sizeof value) table.resize(offset + sizeof value);
  std::memcpy(table.data() + offset, &value, sizeof value);
}

void put_bytes(Table& table, std::initializer_list<int> bytes) {
  for (int byte : bytes) table.push_back(static_cast<std::byte>(byte));
}

void seal(Table& table, size_t checksum_at, size_t size) {
  table[checksum_at] = std::byte{0};
  int total = 0;
  for (size_t index = 0; index < size; ++index) total += static_cast<uint8_t>(table[index]);
  table[checksum_at] = static_cast<std::byte>(-total);
}

Table finish(Table table, std::string_view signature) {
  std::memcpy(table.data(), signature.data(), signature.size());
  put(table, 4, static_cast<uint32_t>(table.size()));
  seal(table, 9, table.size());
  return table;
}

class Firmware final : public PhysicalMemory {
 public:
  static constexpr uint64_t root_at = 0xf0010, list_at = 0x1000, madt_at = 0x2000, fadt_at = 0x3000, dsdt_at = 0x4000;

  Firmware() {
    Table madt(44);
    put_bytes(madt, {0, 8, 0, 0, 1, 0, 0, 0});
    put_bytes(madt, {0, 8, 1, 5, 1, 0, 0, 0});
    put_bytes(madt, {0, 8, 2, 6, 0, 0, 0, 0});  // not enabled
    put_bytes(madt, {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0});
    put_bytes(madt, {2, 10, 0, 0, 2, 0, 0, 0, 0, 0});
    put_bytes(madt, {2, 10, 0, 9, 20, 0, 0, 0, 0xf, 0});
    put_bytes(madt, {9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0});
    tables[madt_at] = finish(madt, "APIC");

    Table fadt(244);
    put(fadt, 40, static_cast<uint32_t>(dsdt_at));
    put(fadt, 48, uint32_t{0xb2});
    put(fadt, 52, uint8_t{2});
    put(fadt, 64, uint32_t{0x604});
    put(fadt, 76, uint32_t{0x608});
    put(fadt, 108, uint8_t{0x32});
    put(fadt, 112, uint32_t{1 << 10});
    put(fadt, 116, uint8_t{1});
    put(fadt, 120, uint64_t{0xcf9});
    put(fadt, 128, uint8_t{0xf});
    tables[fadt_at] = finish(fadt, "FACP");

    Table dsdt(36);
    put_bytes(dsdt, {0x08, '_', 'S', '5', '_', 0x12, 0x0a, 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00});
    tables[dsdt_at] = finish(dsdt, "DSDT");

    Table list(36);
    put(list, 36, static_cast<uint32_t>(fadt_at));
    put(list, 40, static_cast<uint32_t>(madt_at));
    tables[list_at] = finish(list, "RSDT");

    Table root(20);
    std::memcpy(root.data(), "RSD PTR ", 8);
    put(root, 16, static_cast<uint32_t>(list_at));
    seal(root, 8, 20);
    tables[root_at] = root;
  }

  std::span<const std::byte> at(uint64_t address, size_t size) const override {
    auto found = tables.upper_bound(address);
    if (found == tables.begin()) return {};
    --found;
    uint64_t offset = address - found->first;
    if (offset > found->second.size() || size > found->second.size() - offset) return {};
    return std::span(found->second).subspan(offset, size);
  }

  std::map<uint64_t, Table> tables;
};

std::string_view read(const Firmware& firmware, AcpiInfo* info, uint64_t root = Firmware::root_at) {
  return read_acpi(firmware, root, info);
}

TEST(Acpi, ReadsWherePciIs) {
  AcpiInfo info;
  Firmware firmware;
  ASSERT_EQ(read(firmware, &info), "");
  EXPECT_EQ(info.pci.address, 0u);
  Table mcfg(44);
  put(mcfg, 44, uint64_t{0xb000'0000});
  put(mcfg, 52, uint16_t{1});  // another segment
  put(mcfg, 55, uint8_t{9});
  put(mcfg, 60, uint64_t{0xe000'0000});
  put(mcfg, 70, uint8_t{2});
  put(mcfg, 71, uint8_t{63});
  put(mcfg, 76, uint64_t{0xf000'0000});  // cut short
  constexpr uint64_t mcfg_at = 0x5000;
  firmware.tables[mcfg_at] = finish(mcfg, "MCFG");
  Table list = firmware.tables[Firmware::list_at];
  put(list, 44, static_cast<uint32_t>(mcfg_at));
  firmware.tables[Firmware::list_at] = finish(list, "RSDT");
  ASSERT_EQ(read(firmware, &info), "");
  EXPECT_EQ(info.pci.address, 0xe000'0000u);
  EXPECT_EQ(info.pci.first_bus, 2);
  EXPECT_EQ(info.pci.last_bus, 63);
}

TEST(Acpi, ReadsControllersAndHardware) {
  AcpiInfo info;
  ASSERT_EQ(read(Firmware(), &info), "");
  ASSERT_EQ(info.cpu_count, 3u);
  EXPECT_EQ(info.cpus[0], 0u);
  EXPECT_EQ(info.cpus[1], 5u);
  EXPECT_EQ(info.cpus[2], 0x1234u);
  ASSERT_EQ(info.controller_count, 1u);
  EXPECT_EQ(info.controllers[0].address, 0xfec00000u);
  EXPECT_EQ(info.inputs[0].number, 2u);
  EXPECT_FALSE(info.inputs[0].is_level);
  EXPECT_EQ(info.inputs[4].number, 4u);
  EXPECT_EQ(info.inputs[9].number, 20u);
  EXPECT_TRUE(info.inputs[9].is_level);
  EXPECT_TRUE(info.inputs[9].is_low);
  EXPECT_EQ(info.power_timer, 0x608u);
  EXPECT_EQ(info.century_register, 0x32u);
  EXPECT_EQ(info.reset.address, 0xcf9u);
  EXPECT_EQ(info.reset.space, AcpiRegister::Space::port);
  EXPECT_EQ(info.reset_value, 0xfu);
  EXPECT_EQ(info.control_a.address, 0x604u);
  EXPECT_EQ(info.control_b.space, AcpiRegister::Space::none);
  EXPECT_TRUE(info.can_sleep);
  EXPECT_EQ(info.sleep_type_a, 5u);
  EXPECT_EQ(info.sleep_type_b, 1u);
}

TEST(Acpi, SearchesForTheRoot) {
  AcpiInfo info;
  EXPECT_EQ(read(Firmware(), &info, 0), "");
  EXPECT_EQ(info.cpu_count, 3u);
  Firmware firmware;
  firmware.tables.erase(Firmware::root_at);
  EXPECT_EQ(read(firmware, &info, 0), "the firmware passes no ACPI tables");
}

TEST(Acpi, PrefersTheNewerList) {
  Firmware firmware;
  Table list(36);
  put(list, 36, uint64_t{Firmware::madt_at});
  firmware.tables[0x5000] = finish(list, "XSDT");
  Table& root = firmware.tables[Firmware::root_at];
  put(root, 15, uint8_t{2});
  seal(root, 8, 20);
  root.resize(36);
  put(root, 24, uint64_t{0x5000});
  AcpiInfo info;
  EXPECT_EQ(read(firmware, &info), "");
  EXPECT_EQ(info.cpu_count, 3u);
  EXPECT_EQ(info.power_timer, 0u);
}

TEST(Acpi, RefusesTablesCutShort) {
  for (uint64_t table : {Firmware::root_at, Firmware::list_at, Firmware::madt_at}) {
    size_t whole = Firmware().tables[table].size();
    for (size_t size = 0; size < whole; ++size) {
      Firmware firmware;
      firmware.tables[table].resize(size);
      AcpiInfo info;
      EXPECT_NE(read(firmware, &info), "") << std::hex << table << " " << size;
    }
  }
}

TEST(Acpi, RefusesDamagedTables) {
  for (uint64_t table : {Firmware::root_at, Firmware::list_at, Firmware::madt_at}) {
    size_t whole = Firmware().tables[table].size();
    for (size_t at = 0; at < whole; ++at) {
      Firmware firmware;
      firmware.tables[table][at] ^= std::byte{0x10};
      AcpiInfo info;
      EXPECT_NE(read(firmware, &info), "") << std::hex << table << " " << at;
    }
  }
}

// Whose checksum is right: an entry that claims no size, or more than is there.
TEST(Acpi, RefusesImpossibleEntries) {
  for (int size : {0, 1, 200}) {
    Firmware firmware;
    Table& madt = firmware.tables[Firmware::madt_at];
    madt[45] = static_cast<std::byte>(size);
    seal(madt, 9, madt.size());
    AcpiInfo info;
    EXPECT_NE(read(firmware, &info), "") << size;
  }
}

// A machine without its byte code cannot be turned off, but runs.
TEST(Acpi, DoesWithoutSleepTypes) {
  Firmware whole;
  size_t size = whole.tables[Firmware::dsdt_at].size();
  for (size_t left = 0; left < size; ++left) {
    Firmware firmware;
    Table& dsdt = firmware.tables[Firmware::dsdt_at];
    dsdt.resize(left);
    if (left >= 36) dsdt = finish(dsdt, "DSDT");
    AcpiInfo info;
    EXPECT_EQ(read(firmware, &info), "") << left;
    EXPECT_FALSE(info.can_sleep && left < 44) << left;
  }
}

}  // namespace
}  // namespace halcyon::hal

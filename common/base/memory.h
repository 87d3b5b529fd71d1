// How much memory a process may still take before the kernel ends it.
#ifndef TACT_COMMON_BASE_MEMORY_H_
#define TACT_COMMON_BASE_MEMORY_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace tact {

// What this process occupies now, in bytes; 0 where the system does not say.
uint64_t ResidentBytes();

// Bytes that are left: of the machine (MemAvailable of /proc/meminfo) or of the container (cgroup
// v2), whichever is less. Nothing where the system says neither.
std::optional<uint64_t> AvailableBytes();

// From the text of /proc/meminfo.
std::optional<uint64_t> MachineRoom(std::string_view meminfo);
// From the texts of memory.max, memory.current and memory.stat of a cgroup: file pages that are not
// in use count as free. Nothing where there is no limit.
std::optional<uint64_t> CgroupRoom(std::string_view max, std::string_view current,
                                   std::string_view stat);

}  // namespace tact

#endif  // TACT_COMMON_BASE_MEMORY_H_

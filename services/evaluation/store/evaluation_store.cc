#include "services/evaluation/store/evaluation_store.h"

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/evaluation/store/record_file.h"

namespace tact {
namespace {

constexpr std::string_view kExtension = ".evaluation";

absl::Status NoSuchEvaluation(std::string_view id) {
  return MakeError(absl::StatusCode::kNotFound,
                   {"NO_SUCH_EVALUATION", "id", Shorten(id),
                    "ListEvaluations (tactctl eval list) shows those there are"},
                   "there is no such evaluation");
}

// The place of an evaluation in the list: created_at, then id.
struct Cursor {
  double created_at;
  std::string id;
};

std::string ToToken(const v1::Evaluation& last) {
  return absl::StrFormat("%.17g/%s", last.created_at(), last.id());
}

absl::StatusOr<Cursor> ParseToken(std::string_view token) {
  const size_t slash = token.find('/');
  Cursor cursor;
  if (slash == std::string_view::npos ||
      !absl::SimpleAtod(ToAbsl(token.substr(0, slash)), &cursor.created_at)) {
    return FieldError("page_token", Shorten(token), "not a page token of this service",
                      "pass next_page_token of the response before, or nothing");
  }
  cursor.id = token.substr(slash + 1);
  return cursor;
}

bool IsNewer(const v1::Evaluation& a, const v1::Evaluation& b) {
  return std::forward_as_tuple(a.created_at(), a.id()) >
         std::forward_as_tuple(b.created_at(), b.id());
}

bool ComesAfter(const v1::Evaluation& evaluation, const Cursor& cursor) {
  return std::forward_as_tuple(evaluation.created_at(), evaluation.id()) <
         std::forward_as_tuple(cursor.created_at, cursor.id);
}

}  // namespace

v1::Evaluation SummaryOf(const v1::Evaluation& record) {
  v1::Evaluation summary = record;
  summary.mutable_spec()->clear_examples();
  summary.clear_results();
  return summary;
}

absl::StatusOr<std::unique_ptr<EvaluationStore>> EvaluationStore::Open(
    const std::filesystem::path& folder, size_t max_evaluations) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return FieldError("--data-dir", folder.string(),
                      StrCat("cannot make the folder (", error.message(), ")"),
                      "name a folder that this user may write");
  }
  std::unique_ptr<EvaluationStore> store(new EvaluationStore(folder, max_evaluations));
  RETURN_IF_ERROR(store->ReadAll());
  return store;
}

absl::Status EvaluationStore::ReadAll() {
  std::error_code error;
  std::vector<std::filesystem::path> records, leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kExtension)) records.push_back(entry.path());
    if (absl::StrContains(name, StrCat(kExtension, ".tmp."))) leftovers.push_back(entry);
  }
  if (error) return absl::UnavailableError(StrCat(folder_.string(), ": ", error.message()));
  for (const auto& path : leftovers) {
    LogWarning("removing ", path.string(), ", which a crash left half-written");
    std::filesystem::remove(path, error);
  }
  for (const auto& path : records) {
    absl::StatusOr<v1::Evaluation> record = ReadRecord(path);
    if (record.ok() && PathOf(record->id()) == path) {
      Remember(*record);
    } else {
      LogError("skipping ", path.string(), ": ",
               record.ok() ? "its name is not its id" : ToStd(record.status().message()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> EvaluationStore::Create(const v1::Evaluation& record) {
  absl::MutexLock writing(&write_);
  {
    absl::MutexLock lock(&mutex_);
    if (evaluations_.contains(record.id())) return false;
  }
  RETURN_IF_ERROR(MakeRoom());
  RETURN_IF_ERROR(WriteRecord(PathOf(record.id()), record));
  Remember(record);
  return true;
}

absl::Status EvaluationStore::Finish(const v1::Evaluation& record) {
  absl::MutexLock writing(&write_);
  const absl::Status written = WriteRecord(PathOf(record.id()), record);
  if (written.ok()) {
    Remember(record);
    return written;
  }
  v1::Evaluation failed = SummaryOf(record);
  failed.set_state(v1::EVALUATION_STATE_FAILED);
  failed.set_error(StrCat("the results could not be stored: ", written.message()));
  Remember(failed);
  return written;
}

void EvaluationStore::SetProgress(std::string_view id, uint32_t done) {
  absl::MutexLock lock(&mutex_);
  const auto found = evaluations_.find(id);
  if (found == evaluations_.end()) return;
  found->second.summary.set_done(done);
  ++found->second.revision;
}

absl::StatusOr<v1::Evaluation> EvaluationStore::Summary(std::string_view id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = evaluations_.find(id);
  if (found == evaluations_.end()) return NoSuchEvaluation(id);
  return found->second.summary;
}

absl::StatusOr<v1::Evaluation> EvaluationStore::Read(std::string_view id) const {
  RETURN_IF_ERROR(Summary(id).status());  // so that `id` is one of ours before it becomes a path
  return ReadRecord(PathOf(id));
}

absl::StatusOr<EvaluationStore::Page> EvaluationStore::List(size_t page_size,
                                                            std::string_view token) const {
  Cursor cursor;
  if (!token.empty()) {
    ASSIGN_OR_RETURN(cursor, ParseToken(token));
  }
  absl::MutexLock lock(&mutex_);
  Page page;
  for (const v1::Evaluation* evaluation : NewestFirst()) {
    if (!token.empty() && !ComesAfter(*evaluation, cursor)) continue;
    if (page.summaries.size() == page_size) {
      page.next_token = ToToken(page.summaries.back());
      break;
    }
    page.summaries.push_back(*evaluation);
  }
  return page;
}

std::vector<std::string> EvaluationStore::RunningIds() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> ids;
  for (const v1::Evaluation* evaluation : NewestFirst()) {
    if (evaluation->state() == v1::EVALUATION_STATE_RUNNING) ids.push_back(evaluation->id());
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<EvaluationStore::Watched> EvaluationStore::WaitForChange(
    std::string_view id, uint64_t seen, absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  auto changed = [&] {
    mutex_.AssertReaderHeld();
    const auto found = evaluations_.find(id);
    return found == evaluations_.end() || found->second.revision != seen;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&changed), timeout);
  const auto found = evaluations_.find(id);
  if (found == evaluations_.end()) return NoSuchEvaluation(id);
  return found->second;
}

absl::Status EvaluationStore::MakeRoom() {
  std::string oldest;
  {
    absl::MutexLock lock(&mutex_);
    if (evaluations_.size() < max_evaluations_) return absl::OkStatus();
    oldest = OldestEnded();
    if (!oldest.empty()) evaluations_.erase(oldest);
  }
  if (oldest.empty()) {
    return absl::ResourceExhaustedError(
        StrCat(max_evaluations_,
               " evaluations are running or waiting; try again when one has ended, or raise "
               "--max-evaluations"));
  }
  LogInfo("removing evaluation ", oldest, ", the oldest of ", max_evaluations_);
  std::error_code ignored;
  std::filesystem::remove(PathOf(oldest), ignored);
  return absl::OkStatus();
}

std::string EvaluationStore::OldestEnded() const {
  const std::vector<const v1::Evaluation*> sorted = NewestFirst();
  for (auto it = sorted.rbegin(); it != sorted.rend(); ++it) {
    if ((*it)->state() != v1::EVALUATION_STATE_RUNNING) return (*it)->id();
  }
  return "";
}

std::vector<const v1::Evaluation*> EvaluationStore::NewestFirst() const {
  std::vector<const v1::Evaluation*> sorted;
  for (const auto& [id, watched] : evaluations_) sorted.push_back(&watched.summary);
  std::sort(sorted.begin(), sorted.end(),
            [](const v1::Evaluation* a, const v1::Evaluation* b) { return IsNewer(*a, *b); });
  return sorted;
}

void EvaluationStore::Remember(const v1::Evaluation& record) {
  absl::MutexLock lock(&mutex_);
  Watched& watched = evaluations_[record.id()];
  watched.summary = SummaryOf(record);
  ++watched.revision;
}

std::filesystem::path EvaluationStore::PathOf(std::string_view id) const {
  return folder_ / StrCat(id, kExtension);
}

}  // namespace tact

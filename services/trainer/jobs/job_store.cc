#include "services/trainer/jobs/job_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "common/base/clock.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "services/trainer/jobs/job_metrics.h"

namespace tact {
namespace {

// Events hold the job without its spec, which never changes.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  request_id BLOB NOT NULL UNIQUE,
  asked_sha256 BLOB NOT NULL,
  state INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  events INTEGER NOT NULL DEFAULT 0,
  job BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  job_id BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  is_step INTEGER NOT NULL,
  job BLOB NOT NULL,
  PRIMARY KEY (job_id, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pause_requests (job_id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
  model BLOB PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS published (
  model BLOB PRIMARY KEY, version INTEGER NOT NULL, sha256 BLOB NOT NULL,
  payload_file BLOB NOT NULL, parent BLOB NOT NULL, rank INTEGER NOT NULL, alpha BLOB NOT NULL,
  job_id BLOB NOT NULL) WITHOUT ROWID;
)sql";

// Field numbers order the bytes, so equal specs have equal digests within one build.
std::string SpecDigest(const v1::JobSpec& spec) { return Sha256Hex(spec.SerializeAsString()); }

std::string_view KindName(v1::JobKind kind) {
  switch (kind) {
    case v1::JOB_KIND_LORA:
      return "lora";
    case v1::JOB_KIND_PPO:
      return "ppo";
    case v1::JOB_KIND_REWARD:
      return "reward";
    default:
      return "full";
  }
}

std::string MakeId(std::string_view request_id, v1::JobKind kind) {
  const std::string salt = StrCat(request_id, "/", absl::GetCurrentTimeNanos());
  return StrCat(KindName(kind), "-", Sha256Hex(salt).substr(0, 8));
}

absl::Status UnknownJob(std::string_view id) {
  return MakeError(absl::StatusCode::kNotFound,
                   {"UNKNOWN_JOB", "id", Shorten(id), "ListJobs shows those there are"},
                   "there is no such job");
}

absl::StatusOr<v1::Job> ParseJob(const std::string& bytes) {
  v1::Job job;
  if (job.ParseFromString(bytes)) return job;
  return absl::DataLossError("job store: a job cannot be read");
}

absl::StatusOr<std::vector<v1::Job>> ReadJobs(Statement& statement, int column) {
  std::vector<v1::Job> out;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return out;
    ASSIGN_OR_RETURN(v1::Job job, ParseJob(statement.Text(column)));
    out.push_back(std::move(job));
  }
}

absl::Status ExportCounts(Database& database) {
  Statement count = database.Prepare("SELECT state, COUNT(*) FROM jobs GROUP BY state");
  std::map<int, int64_t> by_state;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, count.Step());
    if (!row) break;
    by_state[static_cast<int>(count.Int(0))] = count.Int(1);
  }
  ExportJobCounts(by_state);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobStore>> JobStore::Open(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(auto database, Database::Open(path, kSchema));
  RETURN_IF_ERROR(ExportCounts(*database));
  return std::unique_ptr<JobStore>(new JobStore(std::move(database)));
}

absl::StatusOr<v1::Job> JobStore::GetLocked(std::string_view id) const {
  Statement find = database_->Prepare("SELECT job FROM jobs WHERE id = ?");
  ASSIGN_OR_RETURN(const bool found, find.Bind(id).Step());
  if (!found) return UnknownJob(id);
  return ParseJob(find.Text(0));
}

absl::StatusOr<v1::Job> JobStore::Get(std::string_view id) const {
  absl::MutexLock lock(&mutex_);
  return GetLocked(id);
}

absl::StatusOr<std::optional<v1::Job>> JobStore::FindRequestLocked(std::string_view request_id,
                                                                   const v1::JobSpec& asked) const {
  Statement find = database_->Prepare("SELECT asked_sha256, job FROM jobs WHERE request_id = ?");
  ASSIGN_OR_RETURN(const bool found, find.Bind(request_id).Step());
  if (!found) return std::nullopt;
  if (find.Text(0) != SpecDigest(asked)) {
    return MakeError(absl::StatusCode::kAlreadyExists,
                     {"REQUEST_ID_REUSED", "request_id", Shorten(request_id),
                      "send a new request_id for a new job"},
                     "this request_id has made a job with another spec");
  }
  ASSIGN_OR_RETURN(v1::Job job, ParseJob(find.Text(1)));
  return job;
}

absl::StatusOr<std::optional<v1::Job>> JobStore::FindRequest(std::string_view request_id,
                                                             const v1::JobSpec& asked) const {
  absl::MutexLock lock(&mutex_);
  return FindRequestLocked(request_id, asked);
}

absl::Status JobStore::AppendEventLocked(const v1::Job& job, bool is_step) {
  RETURN_IF_ERROR(
      database_->Prepare("UPDATE jobs SET events = events + 1 WHERE id = ?").Bind(job.id()).Run());
  v1::Job without_spec = job;
  without_spec.clear_spec();
  return database_->Prepare("INSERT INTO events SELECT id, events, ?, ? FROM jobs WHERE id = ?")
      .Bind(int64_t{is_step})
      .Bind(without_spec.SerializeAsString())
      .Bind(job.id())
      .Run();
}

absl::Status JobStore::InsertLocked(std::string_view request_id, const v1::JobSpec& asked,
                                    const v1::Job& job) {
  RETURN_IF_ERROR(database_
                      ->Prepare("INSERT INTO jobs (id, request_id, asked_sha256, state, job) "
                                "VALUES (?, ?, ?, ?, ?)")
                      .Bind(job.id())
                      .Bind(request_id)
                      .Bind(SpecDigest(asked))
                      .Bind(int64_t{job.state()})
                      .Bind(job.SerializeAsString())
                      .Run());
  return AppendEventLocked(job, false);
}

absl::StatusOr<v1::Job> JobStore::Create(std::string_view request_id, const v1::JobSpec& asked,
                                         const v1::JobSpec& resolved) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const auto existing, FindRequestLocked(request_id, asked));
  if (existing) return *existing;
  v1::Job job;
  job.set_id(MakeId(request_id, resolved.kind()));
  *job.mutable_spec() = resolved;
  const bool trains_policy = resolved.kind() != v1::JOB_KIND_REWARD;
  if (trains_policy && resolved.publish_as().empty()) {
    job.mutable_spec()->set_publish_as(job.id());
  }
  job.set_state(v1::JOB_STATE_QUEUED);
  job.set_created_at(UnixSeconds());
  const std::string request = request_id.empty() ? job.id() : std::string(request_id);
  RETURN_IF_ERROR(database_->Transaction([&] { return InsertLocked(request, asked, job); }));
  CountJobMove(v1::JOB_STATE_UNSPECIFIED, job.state());
  ++changes_;
  return job;
}

bool JobFilter::Takes(const v1::Job& job) const {
  const auto takes = [](const auto& set, int value) {
    return set.empty() || std::find(set.begin(), set.end(), value) != set.end();
  };
  return takes(states, job.state()) && takes(kinds, job.spec().kind()) &&
         job.spec().name().find(name_contains) != std::string::npos;
}

absl::StatusOr<JobPage> JobStore::List(uint32_t page_size, std::string_view page_token,
                                       const JobFilter& filter) const {
  int64_t before = INT64_MAX;
  if (!page_token.empty() && !absl::SimpleAtoi(ToAbsl(page_token), &before)) {
    return FieldError("page_token", page_token, "not a page token",
                      "send next_page_token of the response before, or nothing");
  }
  absl::MutexLock lock(&mutex_);
  Statement list =
      database_->Prepare("SELECT job, number FROM jobs WHERE number < ? ORDER BY number DESC");
  list.Bind(before);
  JobPage page;
  int64_t last = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return page;
    ASSIGN_OR_RETURN(v1::Job job, ParseJob(list.Text(0)));
    if (!filter.Takes(job)) continue;
    if (page.jobs.size() == page_size) break;
    last = list.Int(1);
    page.jobs.push_back(std::move(job));
  }
  page.next_page_token = StrCat(last);
  return page;
}

absl::StatusOr<std::vector<v1::Job>> JobStore::Unfinished() const {
  absl::MutexLock lock(&mutex_);
  Statement list = database_->Prepare("SELECT job FROM jobs WHERE state <= ? ORDER BY number");
  list.Bind(int64_t{v1::JOB_STATE_WAITING});
  return ReadJobs(list, 0);
}

absl::StatusOr<v1::Job> JobStore::Update(std::string_view id, bool is_step,
                                         const std::function<void(v1::Job&)>& change) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(v1::Job job, GetLocked(id));
  if (HasEnded(job.state())) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     {"JOB_ENDED", "id", std::string(id), "create a new job"},
                     StrCat("this job has ended as ", v1::JobState_Name(job.state())));
  }
  const v1::JobState before = job.state();
  change(job);
  if (HasEnded(job.state())) job.set_finished_at(UnixSeconds());
  if (job.started_at() == 0 && job.state() == v1::JOB_STATE_RUNNING) {
    job.set_started_at(UnixSeconds());
  }
  RETURN_IF_ERROR(database_->Transaction([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    RETURN_IF_ERROR(database_->Prepare("UPDATE jobs SET state = ?, job = ? WHERE id = ?")
                        .Bind(int64_t{job.state()})
                        .Bind(job.SerializeAsString())
                        .Bind(id)
                        .Run());
    return AppendEventLocked(job, is_step);
  }));
  CountJobMove(before, job.state());
  ++changes_;
  return job;
}

absl::StatusOr<std::vector<JobEvent>> JobStore::EventsAfter(std::string_view id, uint64_t sequence,
                                                            int limit) const {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const v1::Job current, GetLocked(id));
  Statement list = database_->Prepare(
      "SELECT sequence, is_step, job FROM events WHERE job_id = ? AND sequence > ? "
      "ORDER BY sequence LIMIT ?");
  list.Bind(id).Bind(static_cast<int64_t>(sequence)).Bind(int64_t{limit});
  std::vector<JobEvent> out;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return out;
    JobEvent event{static_cast<uint64_t>(list.Int(0)), {}, list.Int(1) != 0};
    ASSIGN_OR_RETURN(event.job, ParseJob(list.Text(2)));
    *event.job.mutable_spec() = current.spec();
    out.push_back(std::move(event));
  }
}

uint64_t JobStore::WaitForChange(uint64_t seen, absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto changed = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return changes_ != seen; };
  mutex_.AwaitWithTimeout(absl::Condition(&changed), timeout);
  return changes_;
}

absl::Status JobStore::RequestCancel(std::string_view id) {
  absl::MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE jobs SET cancel_requested = 1 WHERE id = ?").Bind(id).Run();
}

bool JobStore::IsCancelRequested(std::string_view id) const {
  absl::MutexLock lock(&mutex_);
  Statement find = database_->Prepare("SELECT cancel_requested FROM jobs WHERE id = ?");
  const absl::StatusOr<bool> found = find.Bind(id).Step();
  return found.ok() && *found && find.Int(0) != 0;
}

absl::Status JobStore::SetPauseRequested(std::string_view id, bool requested) {
  absl::MutexLock lock(&mutex_);
  return database_
      ->Prepare(requested ? "INSERT OR IGNORE INTO pause_requests VALUES (?)"
                          : "DELETE FROM pause_requests WHERE job_id = ?")
      .Bind(id)
      .Run();
}

bool JobStore::IsPauseRequested(std::string_view id) const {
  absl::MutexLock lock(&mutex_);
  Statement find = database_->Prepare("SELECT 1 FROM pause_requests WHERE job_id = ?");
  const absl::StatusOr<bool> found = find.Bind(id).Step();
  return found.ok() && *found;
}

absl::StatusOr<uint64_t> JobStore::NextVersion(std::string_view model, uint64_t at_least) {
  absl::MutexLock lock(&mutex_);
  Statement find = database_->Prepare("SELECT version FROM versions WHERE model = ?");
  ASSIGN_OR_RETURN(const bool found, find.Bind(model).Step());
  const uint64_t last = found ? static_cast<uint64_t>(find.Int(0)) : 0;
  const uint64_t next = std::max(last, at_least) + 1;
  RETURN_IF_ERROR(database_
                      ->Prepare("INSERT INTO versions VALUES (?, ?) "
                                "ON CONFLICT (model) DO UPDATE SET version = excluded.version")
                      .Bind(model)
                      .Bind(static_cast<int64_t>(next))
                      .Run());
  return next;
}

absl::StatusOr<uint64_t> JobStore::LastVersion(std::string_view model) const {
  absl::MutexLock lock(&mutex_);
  Statement find = database_->Prepare("SELECT version FROM versions WHERE model = ?");
  ASSIGN_OR_RETURN(const bool found, find.Bind(model).Step());
  return found ? static_cast<uint64_t>(find.Int(0)) : 0;
}

absl::Status JobStore::SetPublished(const PublishedModel& published) {
  absl::MutexLock lock(&mutex_);
  return database_->Prepare("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .Bind(published.model)
      .Bind(static_cast<int64_t>(published.version))
      .Bind(published.sha256)
      .Bind(published.payload_file)
      .Bind(published.parent)
      .Bind(int64_t{published.rank})
      .Bind(StrCat(published.alpha))
      .Bind(published.job_id)
      .Run();
}

absl::StatusOr<std::vector<PublishedModel>> JobStore::Published() const {
  absl::MutexLock lock(&mutex_);
  Statement list = database_->Prepare("SELECT * FROM published");
  std::vector<PublishedModel> out;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return out;
    PublishedModel model{
        list.Text(0), static_cast<uint64_t>(list.Int(1)), list.Text(2), list.Text(3),
        list.Text(4), static_cast<uint32_t>(list.Int(5)), 0.0,          list.Text(7)};
    if (!absl::SimpleAtod(list.Text(6), &model.alpha)) model.alpha = 0;
    out.push_back(std::move(model));
  }
}

}  // namespace tact

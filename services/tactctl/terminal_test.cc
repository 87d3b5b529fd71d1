// tactctl on a pseudo-terminal: live progress with pace and time left, and Ctrl-C.
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "services/tactctl/progress.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

using tact::testing::Binary;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A program whose three streams are one terminal.
class OnTerminal {
 public:
  explicit OnTerminal(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (std::string& part : command) arguments.push_back(part.data());
    arguments.push_back(nullptr);
    winsize size{40, 160, 0, 0};
    pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  ~OnTerminal() {
    kill(pid_, SIGKILL);
    if (!ended_) waitpid(pid_, nullptr, 0);
    close(terminal_);
  }
  void Type(const std::string& keys) {
    EXPECT_EQ(write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Reads until `text` has come or the program has ended.
  bool WaitForText(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      pollfd ready{terminal_, POLLIN, 0};
      char buffer[4096];
      if (poll(&ready, 1, 30'000) <= 0) return false;
      const ssize_t count = read(terminal_, buffer, sizeof(buffer));
      if (count <= 0) return false;
      seen_.append(buffer, static_cast<size_t>(count));
    }
    return true;
  }
  int Wait() {
    int status = 0;
    WaitForText("\x01 never");
    waitpid(pid_, &status, 0);
    ended_ = true;
    return WEXITSTATUS(status);
  }
  const std::string& seen() const { return seen_; }

 private:
  pid_t pid_ = 0;
  int terminal_ = -1;
  bool ended_ = false;
  std::string seen_;
};

class TerminalTest : public CommandsTest {
 protected:
  std::vector<std::string> Train(const std::string& name) {
    return {Binary("tactctl"), "train", "lora",      "--base-model",  "m", "--dataset-id", "d",
            "--name",          name,    "--trainer", cluster_.address};
  }
};

TEST_F(TerminalTest, ProgressIsRedrawnWithPaceAndTimeLeft) {
  OnTerminal run(Train("sft"));
  EXPECT_EQ(run.Wait(), 0);
  EXPECT_THAT(run.seen(), AllOf(HasSubstr("\r\033[2K"), HasSubstr("step 1/3"), HasSubstr("####"),
                                HasSubstr("2.5 s a step"), HasSubstr("2.0 s left")));
}

TEST_F(TerminalTest, ElsewhereNothingIsRedrawn) {
  const auto run = tact::testing::RunProgram(Train("sft"));
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.err, AllOf(HasSubstr("step 3/3"), Not(HasSubstr("\033[")), Not(HasSubstr("#"))));
}

TEST_F(TerminalTest, CtrlCLeavesTheJobAndSaysHowToComeBack) {
  OnTerminal run(Train("endless"));
  ASSERT_TRUE(run.WaitForText("step 3/3"));
  run.Type("\x03");
  EXPECT_EQ(run.Wait(), 130);
  EXPECT_THAT(run.seen(), HasSubstr("come back with: tactctl jobs watch job-1"));
}

TEST(PaceTest, TellsRateAndRest) {
  EXPECT_EQ(Pace(0, 10, 3, "x/s"), "");
  EXPECT_EQ(Pace(10, 30, 20, "x/s"), "  0.50 x/s  40 s left");
  EXPECT_EQ(Pace(30, 30, 2, "x/s"), "  15 x/s");
  EXPECT_EQ(Pace(5, 0, 1, "x/s"), "  5.00 x/s");
}

}  // namespace
}  // namespace tact::ctl

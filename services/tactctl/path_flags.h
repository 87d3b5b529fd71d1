// Which flags name files and folders: help shows it as their type, shells complete them so.
#ifndef TACT_SERVICES_TACTCTL_PATH_FLAGS_H_
#define TACT_SERVICES_TACTCTL_PATH_FLAGS_H_

namespace CLI {
class App;
}

namespace tact::ctl {

// A name means the same in every command, so that one table serves them all. Call it once all
// commands are there.
void MarkPaths(CLI::App& app);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PATH_FLAGS_H_

// The commands of tactctl: each function adds one to the application and sets Context::run when the
// user has chosen it.
#ifndef TACT_SERVICES_TACTCTL_COMMANDS_H_
#define TACT_SERVICES_TACTCTL_COMMANDS_H_

#include "services/tactctl/context.h"

namespace tact::ctl {

void AddUpCommand(CLI::App& app, Context& context);
void AddDownCommand(CLI::App& app, Context& context);
void AddStatusCommand(CLI::App& app, Context& context);
void AddGenerateCommand(CLI::App& app, Context& context);
void AddScoreCommand(CLI::App& app, Context& context);
void AddTrainCommand(CLI::App& app, Context& context);
void AddJobsCommand(CLI::App& app, Context& context);
void AddDatasetsCommand(CLI::App& app, Context& context);
void AddEvalCommand(CLI::App& app, Context& context);
void AddCompareCommand(CLI::App& app, Context& context);
void AddModelsCommand(CLI::App& app, Context& context);
void AddDoctorCommand(CLI::App& app, Context& context);
void AddEvaluationsCommand(CLI::App& app, Context& context);
void AddAdaptersCommand(CLI::App& app, Context& context);
void AddCompletionCommand(CLI::App& app, Context& context);

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_COMMANDS_H_

#include "server/server_options.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/configuration_page.h"
#include "server/flags.h"
#include "server/models/model_scan.h"

namespace nemf {
namespace {

// The installed bundles, <prefix>/share/nemf/bundles beside <prefix>/bin/nemf-server, where there
// are any; else those of a checkout that is the current directory.
std::string DefaultModels() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = binary.parent_path().parent_path() / "share" / "nemf" / "bundles";
  return fs::is_directory(installed, error) ? installed.string() : "model/bundles";
}

// "nemf-small=3" as a pinned version.
bool ParsePin(const std::string& text, std::map<std::string, std::int64_t>* pins) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) return false;
  const std::optional<std::int64_t> version = ParseVersion(text.substr(equals + 1));
  if (!version) return false;
  (*pins)[text.substr(0, equals)] = *version;
  return true;
}

void AddModelFlags(Flags flags, ModelRepositoryOptions* models, double* poll_seconds) {
  flags
      .Add("--models", &models->directory,
           "Folder of bundles, NAME/VERSION/model.json; an installed server has its own as default")
      ->type_name("DIR");
  flags
      .Add("--default-model", &models->default_model,
           "Model for requests that name none; without it, the first by name")
      ->type_name("NAME");
  flags.AddSeconds("--model-poll-seconds", poll_seconds,
                   "Interval between two looks for new versions; 0: only when Models.Load asks");
  flags.AddParsedList(
      "--pin-version", "NAME=VERSION",
      "Serves this version of a model instead of the newest that loads; may be repeated",
      [models](const std::string& text) { return ParsePin(text, &models->pinned_versions); });
  flags.AddBytes("--model-memory-bytes", &models->memory_bytes,
                 "Limit for all loaded versions together, as predicted from the sizes of their "
                 "files; 0: no limit");
  flags
      .Add("--device", &models->engine.device,
           "auto, cpu or cuda:N; auto takes a GPU if there is one and the build has CUDA")
      ->type_name("DEVICE");
  flags
      .Add("--precision", &models->engine.precision,
           "float32 or float16; float16 holds Phi, the field's weights and activations in half "
           "precision, on a GPU only")
      ->type_name("TYPE");
  flags.Add("--threads", &models->engine.threads, "CPU threads of the engine; 0: all cores");
}

void AddSchedulerFlags(Flags flags, ServerOptions* options, double* quantum_ms, double* watchdog) {
  SchedulerOptions* scheduler = &options->models.scheduler;
  flags.Add("--max-queued-jobs", &scheduler->max_queued_jobs,
            "Limit of the requests that wait; more get RESOURCE_EXHAUSTED");
  flags.AddBytes("--max-queued-bytes", &scheduler->max_queued_bytes,
                 "Limit of what accepted requests hold until they are answered: messages, decoded "
                 "images, results, previews");
  flags.AddSeconds("--max-queued-seconds", &scheduler->max_queued_seconds,
                   "Limit of the predicted time that a request waits for others");
  flags.Add("--max-queued-per-client", &scheduler->max_queued_per_client,
            "Limit of the requests of one client that wait; 0: no limit");
  flags
      .Add("--quantum-ms", quantum_ms,
           "Time that matching runs between two looks at the queue; a short request beside a long "
           "one waits for about this long")
      ->type_name("MILLISECONDS");
  flags.AddBytes("--pair-cache-bytes", &scheduler->pair_cache_bytes,
                 "Size of each version's cache of encoded pairs; 0: no cache");
  flags.AddParsed(
      "--overlap-encoding", "auto, on or off", "auto",
      "Whether pairs are encoded while others are matched; on and auto need an engine that "
      "allows it, and auto one that reports that it saves time",
      [scheduler](const std::string& text) {
        static const std::map<std::string, OverlapEncoding> kValues = {
            {"auto", OverlapEncoding::kAuto},
            {"on", OverlapEncoding::kOn},
            {"off", OverlapEncoding::kOff}};
        const auto value = kValues.find(text);
        if (value != kValues.end()) scheduler->overlap_encoding = value->second;
        return value != kValues.end();
      });
  flags.AddSwitch("trust-priority-header", &options->grpc.trust_priority,
                  "Whether clients may set their priority (low, normal or high) in the metadata "
                  "x-nemf-priority");
  flags.AddSeconds("--watchdog-seconds", watchdog,
                   "Time without progress after which the process ends, as it does when the device "
                   "is lost; 0: never");
}

void AddAddressFlags(Flags flags, ServerOptions* options) {
  flags.AddParsed("--listen", "HOST:PORT", options->grpc.listen.ToString(),
                  "Address of gRPC; port 0: any free port", [options](const std::string& text) {
                    const std::optional<HostPort> address = ParseHostPort(text);
                    if (address) options->grpc.listen = *address;
                    return address.has_value();
                  });
  const HostPort metrics{options->metrics.address, options->metrics.port};
  flags.AddParsed(
      "--metrics", "HOST:PORT", metrics.ToString(),
      "Address of /metrics, /healthz and /readyz over plain HTTP; port 0: any free port",
      [options](const std::string& text) {
        const std::optional<HostPort> address = ParseHostPort(text);
        if (address) {
          options->metrics.address = address->host;
          options->metrics.port = address->port;
        }
        return address.has_value();
      });
}

void AddAccessFlags(Flags flags, GrpcServerOptions* grpc) {
  flags
      .Add("--tls-cert", &grpc->tls.certificate_file,
           "Certificate chain of the server; turns TLS on, with --tls-key")
      ->type_name("FILE.pem");
  flags.Add("--tls-key", &grpc->tls.key_file, "Private key of the certificate")
      ->type_name("FILE.pem");
  flags
      .Add("--tls-client-ca", &grpc->tls.client_ca_file,
           "Authorities; clients then need a certificate that one of them signed")
      ->type_name("FILE.pem");
  flags.AddSeconds("--tls-reload-seconds", &grpc->tls.reload_seconds,
                   "Interval at which the TLS files are read again");
  flags
      .Add("--tokens", &grpc->tokens_file,
           "Bearer tokens, a line TOKEN NAME ROLE each; ROLE is client or admin")
      ->type_name("FILE");
  flags.AddSwitch("allow-plaintext", &grpc->allow_plaintext,
                  "Whether the server may listen beyond the loopback interface without TLS");
  flags.AddSwitch("allow-model-control", &grpc->allow_model_control,
                  "Whether clients may load and unload models");
  flags.AddSwitch("reflection", &grpc->reflection, "Whether clients may ask for the proto");
}

void AddConnectionFlags(Flags flags, ConnectionOptions* connections) {
  flags.AddSeconds("--keepalive-seconds", &connections->keepalive_seconds,
                   "Idle time after which a connection gets a keep-alive ping");
  flags.AddSeconds("--keepalive-timeout-seconds", &connections->keepalive_timeout_seconds,
                   "Time for the answer to a ping, after which the connection is closed");
  flags.AddSeconds("--max-connection-age-seconds", &connections->max_age_seconds,
                   "Age at which a client has to connect anew; 0: no limit");
  flags.AddSeconds("--max-connection-age-grace-seconds", &connections->max_age_grace_seconds,
                   "Time for the calls of a connection of that age; 0: no limit");
}

void AddLimitFlags(Flags flags, GrpcServerOptions* grpc) {
  flags.AddBytes("--max-message-bytes", &grpc->max_message_bytes, "Size of a request");
  flags.AddBytes("--max-image-bytes", &grpc->limits.max_image_bytes, "Size of an encoded image");
  flags.Add("--max-image-pixels", &grpc->limits.max_image_pixels,
            "Width times height of an image, checked before it is decoded");
  flags.Add("--max-image-side", &grpc->limits.max_image_side,
            "Width and height of an image, at most 65,500");
  flags.Add("--max-keypoints", &grpc->limits.max_keypoints, "Keypoints of a request");
  flags.Add("--max-iterations", &grpc->limits.max_patchmatch_iterations,
            "PatchMatch iterations of a request");
  flags.Add("--max-steps", &grpc->limits.max_optimize_steps, "Gradient steps of a request");
  flags.Add("--max-stream-pairs", &grpc->limits.max_stream_pairs,
            "Pairs of one TransferKeypointsStream that are at work or not yet taken by the client; "
            "the stream is not read further meanwhile");
  flags.Add("--max-field-nodes", &grpc->limits.max_field_nodes,
            "Points of a SampleField grid, at most 100,000");
  flags.AddBytes("--max-preview-bytes", &grpc->limits.max_preview_bytes,
                 "Previews of one stream that wait for their reader; newer ones then replace older "
                 "ones");
  flags.Add("--decode-threads", &grpc->decoding.threads, "Threads that decode images");
}

void AddRunFlags(Flags flags, ServerOptions* options, double* lame_duck_seconds,
                 double* drain_seconds) {
  flags.AddSwitch("record-metrics", &options->record_metrics,
                  "Whether /metrics reports requests and the engine's work");
  flags.AddParsed("--log-level", "debug, info, warning or error", "info",
                  "The least severe lines that are logged", [options](const std::string& text) {
                    const absl::StatusOr<LogLevel> level = ParseLogLevel(text);
                    if (level.ok()) options->log_level = *level;
                    return level.ok();
                  });
  flags.AddSeconds("--lame-duck", lame_duck_seconds,
                   "Time after SIGTERM in which calls are accepted while health and /readyz report "
                   "that the server stops");
  flags.AddSeconds("--drain-timeout", drain_seconds,
                   "Time for the calls in flight after SIGTERM and --lame-duck");
}

// The flags that are neither keys of a file nor environment variables, except --config.
void AddProgramFlags(CLI::App* app, bool* print_config, bool* help_markdown) {
  app->set_config("--config", "", "Reads flags from a TOML file")
      ->envname("NEMF_CONFIG")
      ->type_name("FILE.toml");
  app->allow_config_extras(CLI::config_extras_mode::error);
  app->add_flag("--print-config", *print_config,
                "Prints the configuration as a TOML file and exits")
      ->configurable(false);
  app->add_flag("--help-markdown", *help_markdown, "Prints docs/configuration.md and exits")
      ->configurable(false);
  app->set_version_flag("--version", "nemf-server " NEMF_VERSION, "Prints the version and exits");
  app->set_help_flag("-h,--help", "Prints this help and exits");
  for (const char* flag :
       {"--config", "--print-config", "--help-markdown", "--version", "--help"}) {
    app->get_option(flag)->group("Program");
  }
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  absl::Status status = models.Validate();
  status.Update(models.engine.Validate());
  status.Update(grpc.Validate());
  status.Update(metrics.Validate());
  status.Update(watchdog.Validate());
  for (const auto& [name, value] :
       {std::pair("lame_duck", lame_duck), std::pair("drain_timeout", drain_timeout)}) {
    if (value >= absl::ZeroDuration()) continue;
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "ServerOptions.", name, " = ", absl::FormatDuration(value), ", must be >= 0")));
  }
  return status;
}

absl::StatusOr<std::optional<ServerOptions>> ParseServerOptions(int argc, const char* const* argv,
                                                                std::ostream& out) {
  ServerOptions options;
  options.models.directory = DefaultModels();
  double lame_duck_seconds = absl::ToDoubleSeconds(options.lame_duck);
  double drain_seconds = absl::ToDoubleSeconds(options.drain_timeout);
  double poll_seconds = absl::ToDoubleSeconds(options.models.poll_interval);
  double watchdog_seconds = absl::ToDoubleSeconds(options.watchdog.patience);
  double quantum_ms = absl::ToDoubleMilliseconds(options.models.scheduler.quantum);

  CLI::App app("Serves Neural Matching Fields over gRPC.", "nemf-server");
  app.footer(
      "Each flag is also a key of the --config file, as in max-keypoints = 100, and an "
      "environment\n"
      "variable: --max-keypoints is NEMF_MAX_KEYPOINTS. The command line takes precedence over "
      "the\n"
      "file, and the file over the environment.\n"
      "SIGTERM and SIGINT let the calls in flight finish; a second one ends the process at once.\n"
      "\n"
      "Example:\n"
      "  nemf-server --models model/bundles --listen 127.0.0.1:50051 --device cpu");
  AddModelFlags(Flags(&app, "Models and device"), &options.models, &poll_seconds);
  AddSchedulerFlags(Flags(&app, "Scheduling"), &options, &quantum_ms, &watchdog_seconds);
  AddAddressFlags(Flags(&app, "Addresses"), &options);
  AddAccessFlags(Flags(&app, "Access"), &options.grpc);
  AddConnectionFlags(Flags(&app, "Connections"), &options.grpc.connections);
  AddLimitFlags(Flags(&app, "Limits of a request"), &options.grpc);
  AddRunFlags(Flags(&app, "Operation"), &options, &lame_duck_seconds, &drain_seconds);
  bool print_config = false;
  bool help_markdown = false;
  AddProgramFlags(&app, &print_config, &help_markdown);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help or --version
    app.exit(success, out, out);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrReplaceAll(error.what(), {{"\n", " "}}));
  }
  if (help_markdown) {
    out << ConfigurationPage(app);
    return std::nullopt;
  }
  if (print_config) {
    out << app.config_to_str(/*default_also=*/true, /*write_description=*/true);
    return std::nullopt;
  }
  options.lame_duck = absl::Seconds(lame_duck_seconds);
  options.drain_timeout = absl::Seconds(drain_seconds);
  options.models.poll_interval = absl::Seconds(poll_seconds);
  options.watchdog.patience = absl::Seconds(watchdog_seconds);
  options.models.scheduler.quantum = absl::Milliseconds(quantum_ms);
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  return options;
}

}  // namespace nemf

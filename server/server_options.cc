#include "server/server_options.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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

// "--max-keypoints" is also NEMF_MAX_KEYPOINTS.
std::string EnvironmentName(const std::string& flag) {
  return absl::StrCat("NEMF_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(flag.substr(2), {{"-", "_"}})));
}

// The flags of one CLI::App, each with its environment variable.
class Flags {
 public:
  explicit Flags(CLI::App* app) : app_(app) {}

  template <typename Value>
  CLI::Option* Add(const std::string& flag, Value* value, const std::string& help) {
    return app_->add_option(flag, *value, help)
        ->envname(EnvironmentName(flag))
        ->capture_default_str();
  }

  // --NAME and --no-NAME.
  void AddSwitch(const std::string& name, bool* value, const std::string& help) {
    app_->add_flag(absl::StrCat("--", name, ",!--no-", name), *value, help)
        ->envname(EnvironmentName(absl::StrCat("--", name)))
        ->default_str(*value ? "true" : "false");
  }

  // A number of bytes, with or without a unit: 1000, 32MiB.
  template <typename Value>
  void AddBytes(const std::string& flag, Value* value, const std::string& help) {
    Add(flag, value, help)->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))->type_name("BYTES");
  }

  // A value that `parse` makes of the text, or nothing.
  template <typename Parse>
  void AddParsed(const std::string& flag, const std::string& type, const std::string& initially,
                 const std::string& help, Parse parse) {
    app_->add_option_function<std::string>(
            flag,
            [flag, type, parse](const std::string& text) {
              if (!parse(text)) {
                throw CLI::ValidationError(flag, absl::StrCat("\"", text, "\", must be ", type));
              }
            },
            help)
        ->envname(EnvironmentName(flag))
        ->type_name(type)
        ->default_str(initially);
  }

  // A flag that may be repeated, or be given a list with commas; as AddParsed() for each value.
  template <typename Parse>
  void AddParsedList(const std::string& flag, const std::string& type, const std::string& help,
                     Parse parse) {
    app_->add_option_function<std::vector<std::string>>(
            flag,
            [flag, type, parse](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) {
                if (parse(text)) continue;
                throw CLI::ValidationError(flag, absl::StrCat("\"", text, "\", must be ", type));
              }
            },
            help)
        ->envname(EnvironmentName(flag))
        ->delimiter(',')
        ->type_name(type);
  }

 private:
  CLI::App* app_;
};

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
  flags.Add("--models", &models->directory, "Folder of bundles: NAME/VERSION/model.json")
      ->type_name("DIR");
  flags.Add("--default-model", &models->default_model,
            "Model of requests that name none; empty: the first by name");
  flags.Add("--model-poll-seconds", poll_seconds,
            "How often to look for new versions; 0: only when asked to");
  flags.AddParsedList(
      "--pin-version", "NAME=VERSION",
      "Serve one version of a model; without it, the newest that loads",
      [models](const std::string& text) { return ParsePin(text, &models->pinned_versions); });
  flags.AddBytes("--model-memory-bytes", &models->memory_bytes,
                 "What loaded versions may take, by the sizes of their files; 0: no bound");
  flags.Add("--device", &models->engine.device, "auto, cpu or cuda:N");
  flags.Add("--precision", &models->engine.precision,
            "On a GPU: float32, or float16 for Phi and activations");
  flags.Add("--threads", &models->engine.threads, "CPU threads of the engine; 0: all cores");
}

void AddSchedulerFlags(Flags flags, ServerOptions* options, double* watchdog) {
  SchedulerOptions* scheduler = &options->models.scheduler;
  flags.Add("--max-queued-jobs", &scheduler->max_queued_jobs,
            "Requests that may wait for the engine");
  flags.AddBytes("--max-queued-bytes", &scheduler->max_queued_bytes,
                 "Their decoded images, in all");
  flags.Add("--max-queued-seconds", &scheduler->max_queued_seconds,
            "Predicted time that a request may wait for others");
  flags.Add("--max-queued-per-client", &scheduler->max_queued_per_client,
            "Requests of one client that may wait for the engine; 0: any number");
  flags.AddBytes("--pair-cache-bytes", &scheduler->pair_cache_bytes,
                 "Encoded pairs that a model keeps, for further requests over them; 0: none");
  flags.AddParsed("--overlap-encoding", "auto, on or off", "auto",
                  "Whether pairs are encoded while others are matched",
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
                  "Whether clients may set their priority, in x-nemf-priority");
  flags.Add("--watchdog-seconds", watchdog,
            "Time after which an engine that does not answer ends the process; 0: never");
}

void AddAddressFlags(Flags flags, ServerOptions* options) {
  flags.AddParsed("--listen", "HOST:PORT", options->grpc.listen.ToString(),
                  "Where to serve gRPC; port 0: a free one", [options](const std::string& text) {
                    const std::optional<HostPort> address = ParseHostPort(text);
                    if (address) options->grpc.listen = *address;
                    return address.has_value();
                  });
  const HostPort metrics{options->metrics.address, options->metrics.port};
  flags.AddParsed("--metrics", "HOST:PORT", metrics.ToString(),
                  "Where to serve /metrics, /healthz and /readyz; port 0: a free one",
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
  flags.Add("--tls-cert", &grpc->tls.certificate_file, "Certificate chain of the server")
      ->type_name("FILE.pem");
  flags.Add("--tls-key", &grpc->tls.key_file, "Private key of the certificate")
      ->type_name("FILE.pem");
  flags
      .Add("--tls-client-ca", &grpc->tls.client_ca_file,
           "Authorities of the certificates that clients must have")
      ->type_name("FILE.pem");
  flags.Add("--tls-reload-seconds", &grpc->tls.reload_seconds,
            "How often the certificates are read again");
  flags
      .Add("--tokens", &grpc->tokens_file,
           "Bearer tokens: lines TOKEN NAME ROLE, ROLE is client or admin")
      ->type_name("FILE");
  flags.AddSwitch("allow-plaintext", &grpc->allow_plaintext,
                  "Whether to listen beyond the loopback interface without TLS");
}

void AddConnectionFlags(Flags flags, ConnectionOptions* connections) {
  flags.Add("--keepalive-seconds", &connections->keepalive_seconds,
            "Quiet connections are asked whether they live");
  flags.Add("--keepalive-timeout-seconds", &connections->keepalive_timeout_seconds,
            "Time for the answer");
  flags.Add("--max-connection-age-seconds", &connections->max_age_seconds,
            "Age at which a client has to connect anew; 0: none");
  flags.Add("--max-connection-age-grace-seconds", &connections->max_age_grace_seconds,
            "Time for the calls of such a connection; 0: all they need");
}

void AddLimitFlags(Flags flags, GrpcServerOptions* grpc) {
  flags.AddBytes("--max-message-bytes", &grpc->max_message_bytes, "Size of a request");
  flags.AddBytes("--max-image-bytes", &grpc->limits.max_image_bytes, "Size of an encoded image");
  flags.Add("--max-image-pixels", &grpc->limits.max_image_pixels, "Width * height of an image");
  flags.Add("--max-image-side", &grpc->limits.max_image_side, "Width and height of an image");
  flags.Add("--max-keypoints", &grpc->limits.max_keypoints, "Keypoints of a request");
  flags.Add("--max-iterations", &grpc->limits.max_patchmatch_iterations,
            "PatchMatch iterations of a request");
  flags.Add("--max-steps", &grpc->limits.max_optimize_steps, "Optimisation steps of a request");
  flags.Add("--max-stream-pairs", &grpc->limits.max_stream_pairs,
            "Pairs of one stream at work or not yet taken");
  flags.Add("--max-field-nodes", &grpc->limits.max_field_nodes, "Nodes of a SampleField grid");
  flags.AddBytes("--max-preview-bytes", &grpc->limits.max_preview_bytes,
                 "Previews of one stream that wait for their reader");
  flags.Add("--decode-threads", &grpc->decoding.threads, "Threads that decode images");
}

void AddRunFlags(Flags flags, ServerOptions* options, double* lame_duck_seconds,
                 double* drain_seconds) {
  flags.AddSwitch("allow-model-control", &options->grpc.allow_model_control,
                  "Whether clients may load and unload models");
  flags.AddSwitch("reflection", &options->grpc.reflection, "Whether clients may ask for the proto");
  flags.AddSwitch("record-metrics", &options->record_metrics,
                  "Whether requests and the engine's steps are measured for /metrics");
  flags.AddParsed("--log-level", "debug, info, warning or error", "info",
                  "The least severe log lines to write", [options](const std::string& text) {
                    const absl::StatusOr<LogLevel> level = ParseLogLevel(text);
                    if (level.ok()) options->log_level = *level;
                    return level.ok();
                  });
  flags.Add(
      "--lame-duck", lame_duck_seconds,
      "Seconds after SIGTERM in which calls are still taken while health and readiness say no");
  flags.Add("--drain-timeout", drain_seconds,
            "Seconds that calls in flight get to finish after SIGTERM");
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

  CLI::App app("Serves Neural Matching Fields over gRPC.", "nemf-server");
  app.set_version_flag("--version", "nemf-server " NEMF_VERSION);
  app.footer(
      "Each flag is also a line of the --config file, as in max-keypoints = 100, and an "
      "environment\n"
      "variable: --max-keypoints is NEMF_MAX_KEYPOINTS. Flags go before the file, and the file "
      "before\n"
      "the environment.\n"
      "SIGTERM and SIGINT let the calls in flight finish; a second one ends the process at once.\n"
      "\n"
      "Example:\n"
      "  nemf-server --models model/bundles --listen 127.0.0.1:50051 --device cpu");
  const Flags flags(&app);
  AddModelFlags(flags, &options.models, &poll_seconds);
  AddSchedulerFlags(flags, &options, &watchdog_seconds);
  AddAddressFlags(flags, &options);
  AddAccessFlags(flags, &options.grpc);
  AddConnectionFlags(flags, &options.grpc.connections);
  AddLimitFlags(flags, &options.grpc);
  AddRunFlags(flags, &options, &lame_duck_seconds, &drain_seconds);
  app.set_config("--config", "", "Flags from a TOML file: max-keypoints = 100")
      ->envname("NEMF_CONFIG")
      ->type_name("FILE.toml");
  app.allow_config_extras(CLI::config_extras_mode::error);
  bool print_config = false;
  app.add_flag("--print-config", print_config, "Print all of it as such a file and exit")
      ->configurable(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help or --version
    app.exit(success, out, out);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrReplaceAll(error.what(), {{"\n", " "}}));
  }
  if (print_config) {
    out << app.config_to_str(/*default_also=*/true, /*write_description=*/true);
    return std::nullopt;
  }
  options.lame_duck = absl::Seconds(lame_duck_seconds);
  options.drain_timeout = absl::Seconds(drain_seconds);
  options.models.poll_interval = absl::Seconds(poll_seconds);
  options.watchdog.patience = absl::Seconds(watchdog_seconds);
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  return options;
}

}  // namespace nemf

"""What failures and warnings mean to a person, and what to do: tables, without any logic.

The names of errors are those of modules/workflow/pipeline.asl.json; the texts of services are from
the Amazon Personalize Developer Guide ("Error messages"), and of refusals as AWS words them. The
messages of the Glue jobs are their own (glue_jobs/data_gate.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """What is told in a known way.

    Title and advice may name, in braces: run, state, subject (dataset or solution), input (of the
    module, for it), raw, transformed, quarantine, results and manifest (URLs), again (how to
    continue the run), console (a link), and what the regular expression's groups have by name.
    """

    told: str  # regular expression, found somewhere in the text
    title: str
    advice: str


def find(kinds: Iterable[Known], text: str) -> tuple[Known, dict[str, str]] | None:
    """Return the first kind that a text is of, and the expression's groups."""
    for known in kinds:
        if found := re.search(known.told, text, re.DOTALL):
            return known, found.groupdict()
    return None


_QUOTA = (
    " Other pipelines in this account and Region count too: run them at another time, or ask"
    " Service Quotas for more"
)

# Failures of the workflow, by "STATE ERROR: CAUSE".
FAILURES = (
    # --- the bucket, in Personalize's words, as a job's reason too --------------------------------
    Known(
        r"Insufficient privileges|fix bucket policy",
        "Personalize may not use the bucket",
        "Its role and the bucket's policy must both allow it: `terraform apply` puts both back. The"
        " policy of an existing bucket is its owner's, who adds the output bucket_policy_json. Then"
        " {again}.",
    ),
    # --- the Glue jobs ----------------------------------------------------------------------------
    Known(
        r"UnusableInputError",
        "The raw data can't be read",
        "Correct it below {raw}, or the inputs interactions, users and items that describe it;"
        " `batchrec check FILES` tries that on this machine. Then `batchrec run`.",
    ),
    Known(
        r"ConfigurationError",
        "The Glue job can't use its configuration",
        "Correct the inputs interactions, users, items or batch_inputs, and `terraform apply`. Then"
        " `batchrec run`.",
    ),
    Known(
        r"ManifestError",
        "The manifest of earlier runs can't be read",
        "Put an earlier version of {manifest} back. Without any, delete it: consumers then see no"
        " results until the next run. Then {again}.",
    ),
    Known(
        r"UnreadableInputError",
        "What the batch jobs were asked isn't there",
        "Somebody deleted or changed the batch input below {transformed}. Start a new run with"
        " `batchrec run`, which writes it anew.",
    ),
    Known(
        r"(PrepareTrainingData|PublishRecommendations)Failed: .*"
        r"(OutOfMemory|exit code 137|No space left on device|heartbeat)",
        "The Glue job ran out of memory or disk",
        "Give it more with glue.worker_type (G.2X, or R.1X for memory) or glue.number_of_workers,"
        " and `terraform apply`. Then {again}.",
    ),
    Known(
        r"(PrepareTrainingData|PublishRecommendations)Failed: .*(TIMEOUT|States\.Timeout)",
        "The Glue job took too long",
        "Give it more workers with glue.number_of_workers, or, if it was slow rather than stuck,"
        " time with glue.timeout_minutes; the workflow waits some minutes longer. `batchrec logs"
        " {run}` shows how far it came. Then {again}.",
    ),
    Known(
        r"ConcurrentRunsExceeded",
        "The Glue job was running already",
        "Somebody started it by hand, or a run that was stopped left it behind. When it has ended,"
        " {again}.",
    ),
    Known(
        r"(PrepareTrainingData|PublishRecommendations)Stopped",
        "Somebody stopped the Glue job",
        "Nothing is lost. To go on, {again}.",
    ),
    Known(
        r"ResourceNumberLimitExceeded|exceeds? .*DPU",
        "Glue has no room for the job",
        "Other jobs of this account use its workers. Later, {again}; or lower"
        " glue.number_of_workers.",
    ),
    # --- imports ----------------------------------------------------------------------------------
    Known(
        r"DatasetImportJobTimedOut: .*no room",
        "The import of {subject} waited in vain for room",
        "Personalize runs five imports at a time in a Region, and that can't be raised. Other"
        " pipelines count too: run them at another time, or wait longer with"
        " deadlines.import_hours. Then {again}.",
    ),
    Known(
        r"DatasetImportJobTimedOut",
        "The import of {subject} did not end by its deadline",
        "It may still end: {again}, which goes on with it if it has. If imports have grown that"
        " long, raise deadlines.import_hours.",
    ),
    Known(
        r"DatasetImportJob.*missing the following columns",
        "The files for {subject} lack columns of its schema",
        "Files and schema come of one configuration: `terraform apply` brings both to the same"
        " state, then `batchrec run` writes the files anew.",
    ),
    Known(
        r"DatasetImportJob.*Length cannot be more than",
        "A value of {subject} is longer than Personalize allows",
        "Shorten it where it comes from, or leave the column out of the input's metadata. Then"
        " `batchrec run`: to continue this run would import the same files.",
    ),
    Known(
        r"DatasetImportJobFailed",
        "Personalize did not import {subject}",
        "It read {transformed}{subject}/. If the reason is in the data, correct that and `batchrec"
        " run`; if it is not, {again}, which imports the same files under a new job name.",
    ),
    # --- solutions and filters --------------------------------------------------------------------
    Known(
        r"SolutionDiffers|FilterDiffers",
        "{subject} has the name of something else",
        "Another pipeline or person made it, with a different recipe, expression or dataset group."
        " Delete it if nobody needs it, or give this pipeline another name. Then {again}.",
    ),
    Known(
        r"\.SolutionTimedOut: .*no room",
        "There is no room for the solution of {subject}",
        "A dataset group holds ten solutions by default, and those of earlier configurations stay:"
        " delete some, or raise the quota L-D9DD83B7 with Service Quotas. Then {again}.",
    ),
    Known(
        r"\.FilterTimedOut: .*no room",
        "There is no room for the filter of {subject}",
        "A dataset group holds 30 filters by default, and those of earlier configurations stay:"
        " delete some, or raise the quota L-B9CFBC8B with Service Quotas. Then {again}.",
    ),
    Known(
        r"\.(Solution|Filter)TimedOut",
        "Personalize did not finish the solution or filter of {subject}",
        "This takes seconds as a rule: {again}. If it stays, ask AWS support with the ARN.",
    ),
    Known(
        r"\.FilterFailed|^CreateFilter .*InvalidInput",
        "The filter of {subject} can't be made",
        "Correct {input}.filter, and `terraform apply`. Then {again}.",
    ),
    Known(
        r"\.SolutionFailed",
        "The solution of {subject} can't be made",
        "Check {input}: recipe, hyperparameters, event_type. `terraform apply` after a change,"
        " then {again}. Delete the solution that failed first: it keeps the name.",
    ),
    # --- training ---------------------------------------------------------------------------------
    Known(
        r"SolutionVersion.*"
        r"(fewer than \d+ (users|interactions)|[Tt]oo few (users|interactions|events))",
        "There is too little data to train {subject}",
        "Personalize wants 1,000 interactions, and 25 users with two or more, of the events that"
        " {input}.event_type and event_value_threshold leave. Widen these and `terraform apply`,"
        " or add data below {raw}. Then `batchrec run`.",
    ),
    Known(
        r"SolutionVersionTimedOut: .*no room",
        "The training of {subject} waited in vain for room",
        "Personalize trains 20 versions at a time in a Region." + _QUOTA + " (L-9C16B368). Then"
        " {again}.",
    ),
    Known(
        r"SolutionVersionTimedOut",
        "The training of {subject} did not end by its deadline",
        "It may still end, and bills until then: {again}, which goes on with it and trains nothing"
        " twice. If trainings have grown that long, raise deadlines.training_hours.",
    ),
    Known(
        r"SolutionVersionFailed: .*STOP",
        "Somebody stopped the training of {subject}",
        "To train again, {again}.",
    ),
    Known(
        r"SolutionVersionFailed",
        "Personalize could not train {subject}",
        "Check {input} and the data against the reason. After a change `terraform apply`; then"
        " {again}, which trains a new version from the data that is imported.",
    ),
    Known(
        r"SolutionVersionDiffers",
        "Somebody trained {subject} meanwhile",
        "Start a new run with `batchrec run`.",
    ),
    Known(
        r"QualityGateClosed",
        "The quality gate refused the model of {subject}",
        "Consumers keep the results of the run before. Look for what changed in the data (`batchrec"
        " report --run {run}`). If the model is good enough all the same, lower"
        " {input}.quality_gate and `terraform apply`; then {again}, which trains nothing anew.",
    ),
    # --- batch jobs -------------------------------------------------------------------------------
    Known(
        r"Batch\w+JobTimedOut: .*no room",
        "The batch job of {subject} waited in vain for room",
        "Personalize runs five of a kind at a time in a Region." + _QUOTA + " (L-69B72005 for"
        " inference). Or wait longer with deadlines.batch_hours. Then {again}, which trains nothing"
        " anew.",
    ),
    Known(
        r"Batch\w+JobTimedOut",
        "The batch job of {subject} did not end by its deadline",
        "It can't be stopped, and may still end: {again}, which takes its answers if it has. If it"
        " needs that long, raise deadlines.batch_hours or ask about fewer with batch_inputs.",
    ),
    Known(
        r"Batch\w+JobFailed",
        "The batch job of {subject} failed",
        "Check {input} (filter, batch_input, number_of_results) against the reason. After a"
        " change `terraform apply`; then {again}, which trains nothing anew.",
    ),
    # --- publishing -------------------------------------------------------------------------------
    Known(
        r"RecommendationsRefused: .*maximum_error_share",
        "{subject} is not published: too many inputs ended with an error",
        "Consumers keep the results of the run before. The errors stand in"
        " {results}{subject}/*.out; mostly a filter leaves nothing to recommend, or the batch input"
        " names unknown ids. If that many are to be expected, raise maximum_error_share and"
        " `terraform apply`. Then {again}.",
    ),
    Known(
        r"RecommendationsRefused",
        "{subject} is not published: its answers are not complete",
        "Consumers keep the results of the run before. What Personalize wrote lies in"
        " {results}{subject}/. `batchrec run` asks anew.",
    ),
    # --- what any call can meet; after the jobs, whose reasons may hold any words -----------------
    Known(
        r"not authorized to perform|Access ?Denied",
        "{state} was denied access",
        "`terraform apply` puts the module's roles and policies back. If that changes nothing, look"
        " for what else denies it: the permissions boundary (iam_roles), a service control policy,"
        " the policy of an existing bucket, or of a key (kms_key_arns). Then {again}.",
    ),
    Known(
        r"Throttl|TooManyRequests|Rate exceeded|SlowDown",
        "AWS throttled {state} for minutes",
        "Nothing is broken: something else in this account calls the same service at the same time."
        " Later, {again}.",
    ),
    Known(
        r"PrepareTrainingDataFailed",
        "The Glue job that prepares the data failed",
        "`batchrec logs {run}` shows the end of its log. When the cause is gone, {again}.",
    ),
    Known(
        r"PublishRecommendationsFailed",
        "The Glue job that publishes failed",
        "`batchrec logs {run}` shows the end of its log. When the cause is gone, {again}.",
    ),
    # --- the workflow itself ----------------------------------------------------------------------
    Known(
        r"SolutionLost|ImportDatasetsFailed",
        "An execution of {subject} ended without a result",
        "Somebody stopped it, or Step Functions did; its map run is at {console}. To go on,"
        " {again}.",
    ),
    Known(
        r"TeardownTimedOut",
        "The teardown did not get everything deleted in time",
        "Something still uses what is named, a batch job or another pipeline. When that is over,"
        " `batchrec destroy` once more.",
    ),
    Known(
        r"UnknownAction",
        "The run was started with an unknown action",
        "Start it with `batchrec run`, or a teardown with `batchrec destroy`.",
    ),
    Known(
        r"TornDown",
        "A teardown stopped the run",
        "That was asked for: nothing is to be done.",
    ),
    Known(
        r"ResourceNotFoundException|NoSuchBucket|EntityNotFound|does not exist",
        "Something that {state} needs isn't there any more",
        "Somebody deleted it outside of Terraform: `terraform apply` makes it anew. Then `batchrec"
        " run`.",
    ),
    Known(
        r"InvalidInputException|ValidationException",
        "{state} was refused as invalid",
        "Check the module's input {input} against the message. After a change"
        " `terraform apply`; then {again}.",
    ),
    Known(
        r"States\.(QueryEvaluationError|Runtime|DataLimitExceeded)|lists no ",
        "{state} got an answer that it can't use",
        "If it reads a file, {manifest} or {transformed}report.json was changed by hand: put an"
        " earlier version back. Otherwise a service answered in an unexpected way: see {console}."
        " Then {again}.",
    ),
    Known(
        r"States\.T(imeout|IMED_OUT)",
        "The run took longer than an execution may",
        "See {console} for where it was. Jobs of Personalize go on by themselves: {again}, which"
        " uses what they have finished.",
    ),
)

# What the data gate refuses, by the breach (glue_jobs/data_gate.py, breaches).
BREACHES = (
    Known(
        r"^(?P<dataset>\w+): .* are unusable",
        "Too many rows of {dataset} are unusable",
        "The rows lie in {quarantine}{dataset}/, each with its reason.{hint} Correct them where"
        " they come from, or how the input {dataset} reads them; `batchrec check FILES` tries that"
        " on this machine. If so many are to be expected, raise maximum_quarantined_share and"
        " `terraform apply`.",
    ),
    Known(
        r"^(?P<dataset>\w+): the timestamps are of several units",
        "The timestamps of {dataset} are of several units",
        "Say which with {dataset}.timestamp.unit, and `terraform apply`; or separate the files.",
    ),
    Known(
        r"^(?P<dataset>\w+): no row is left",
        "No row of {dataset} is left to import",
        "Correct the data below {raw}, or leave the input {dataset} out and `terraform apply`.",
    ),
    Known(
        r"^(?P<dataset>\w+): .* to import of ",
        "There are too few interactions to import",
        "Add data below {raw}, or filter less: interactions.event_type.allowed,"
        " event_value.minimum, timestamp.not_before and before.",
    ),
    Known(
        r"^(?P<dataset>\w+): .* users have two interactions or more",
        "Too few users have two interactions or more",
        "Add data below {raw}, or filter less. Where ids change from visit to visit, map another"
        " column to interactions.user_id.",
    ),
    Known(
        r"^(?P<dataset>\w+): \d+ event types",
        "There are too many event types and optional columns",
        "Choose event types with interactions.event_type.allowed, or leave out metadata, and"
        " `terraform apply`.",
    ),
    Known(
        r"^(?P<dataset>\w+): .* GB to import",
        "There is more to import than Personalize takes",
        "Filter more, such as with interactions.timestamp.not_before, and `terraform apply`.",
    ),
    Known(
        r"^batch_inputs\.(?P<key>\S+): nothing to ask for",
        "The batch input {key} is empty",
        "Correct what batch_inputs.{key} chooses (active_days, active_since, ids), and `terraform"
        " apply`.",
    ),
    Known(
        r"^batch_inputs\.(?P<key>\S+): .* a batch job takes",
        "The batch input {key} is larger than a batch job takes",
        "Ask about fewer with batch_inputs.{key}.active_days or most_frequent, and `terraform"
        " apply`.",
    ),
)

# Where most of the rows with a reason to be unusable are cured (docs/data.md).
HINTS = {
    "wrong_column_count": "{dataset}.format: delimiter, quote, column_names",
    "unbalanced_quotes": "{dataset}.format: quote, escape, multiline",
    "malformed_json": "{dataset}.format.type",
    "invalid_encoding": "{dataset}.format.encoding",
    "missing_user_id": "{dataset}.user_id, which names the column",
    "missing_item_id": "{dataset}.item_id, which names the column",
    "missing_event_type": "{dataset}.event_type.column",
    "invalid_event_value": "{dataset}.event_value.column",
    "invalid_timestamp": "{time}: column, unit or pattern",
    "timestamp_too_early": "{time}: unit or pattern",
    "timestamp_in_future": "{time}: unit or time_zone",
    "missing_value": "{dataset}.metadata: required or not",
    "invalid_value": "{dataset}.metadata: type, separator",
}

# What is legal and foolish (glue_jobs/data_gate.py, warnings).
DATA_WARNINGS = (
    Known(
        r"^One user",
        "One user has a large share of all events",
        "If it is a robot or a placeholder, leave its rows out of the raw data: it distorts what is"
        " popular and similar.",
    ),
    Known(
        r"^All events have the same time",
        "All events have the same time",
        "Map the column that has the time of each event with interactions.timestamp.column.",
    ),
    Known(
        r"^The last event is",
        "The data is old",
        "Look whether new files still arrive below {raw}.",
    ),
    Known(
        r" items: a model considers",
        "There are more items than a model considers",
        "Use a recipe that ends in -v2, or leave out items that nobody should be recommended.",
    ),
    Known(
        r" interactions: a model considers",
        "There are more interactions than a model considers",
        "Use a recipe that ends in -v2, or take newer events only:"
        " interactions.timestamp.not_before.",
    ),
)

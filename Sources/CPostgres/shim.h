#pragma once

#include <libpq-fe.h>
#include <sys/eventfd.h>

// Swift does not import character macros.
static const int cpostgres_field_severity = PG_DIAG_SEVERITY;
static const int cpostgres_field_severity_nonlocalized = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int cpostgres_field_sqlstate = PG_DIAG_SQLSTATE;
static const int cpostgres_field_message_primary = PG_DIAG_MESSAGE_PRIMARY;
static const int cpostgres_field_constraint_name = PG_DIAG_CONSTRAINT_NAME;
static const int cpostgres_field_source_function = PG_DIAG_SOURCE_FUNCTION;

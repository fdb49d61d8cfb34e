#ifndef AVENTORA_CHIREDIS_SHIM_H
#define AVENTORA_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

#endif

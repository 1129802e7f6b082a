/*===- Error.c - Messages of one line -------------------------------------===*/
#include "Internal.h"

void slim_rt_format(char *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, SLIM_RT_ERROR_SIZE, format, arguments);
  va_end(arguments);
  for (char *c = buffer; *c; ++c)
    if ((unsigned char)*c < ' ')
      *c = '?';
}

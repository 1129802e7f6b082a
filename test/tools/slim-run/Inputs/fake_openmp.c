/* The two functions of OpenMP that the runtime calls, with a default of 16. */
static int threads = 16;
int omp_get_max_threads(void) { return threads; }
void omp_set_num_threads(int count) { threads = count; }

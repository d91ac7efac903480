/* Keyed draws: those of simulator/engine/streams.py, operation by operation. */

#include <math.h>
#include <stdint.h>

static inline double uniform_of(
    const struct world *w, uint32_t who, uint32_t origin, uint32_t visit, uint32_t purpose)
{
    uint32_t a = who, b = origin, c = visit, d = purpose, k0 = w->seed, k1 = w->replication;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        const uint64_t high = (uint64_t)0xD2511F53u * a, low = (uint64_t)0xCD9E8D57u * c;
        a = (uint32_t)(low >> 32) ^ b ^ k0;
        b = (uint32_t)low;
        c = (uint32_t)(high >> 32) ^ d ^ k1;
        d = (uint32_t)high;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return ((double)(int64_t)((uint64_t)a << 20 | b >> 12) + 0.5) * 0x1p-52;
}

static inline double draw(const struct world *w, const struct person *p, uint32_t purpose)
{
    return uniform_of(w, p->who, w->network->service[p->origin].key, p->visit, purpose);
}

/* Algorithm AS 241, PPND16: as in simulator/engine/streams.py, highest power first. */
static const double CENTRAL[2][8] = {
    {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608},
    {5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0}};
static const double MIDDLE[2][8] = {
    {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959,
     1.42343711074968357734},
    {1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187,
     1.0}};
static const double FAR[2][8] = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699,
     6.6579046435011037772},
    {2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0}};

static inline double ratio(const double rows[2][8], double x)
{
    double above = 0.0, below = 0.0;
    for (int place = 0; place < 8; place++) {
        above = above * x + rows[0][place];
        below = below * x + rows[1][place];
    }
    return above / below;
}

static inline double inverse_normal(double uniform)
{
    const double centred = uniform - 0.5;
    if (fabs(centred) <= 0.425)
        return centred * ratio(CENTRAL, 0.180625 - centred * centred);
    const double tail = sqrt(-log(uniform < 1.0 - uniform ? uniform : 1.0 - uniform));
    const double size = tail <= 5.0 ? ratio(MIDDLE, tail - 1.6) : ratio(FAR, tail - 5.0);
    return copysign(size, centred);
}

static inline int64_t to_ticks(double days)
{
    return (int64_t)((days < LONGEST_DAYS ? days : LONGEST_DAYS) * TICKS_A_DAY);
}

static inline int32_t pick(const double *edges, int32_t count, double uniform)
{
    int32_t place = 0;
    while (place < count && uniform >= edges[place])
        place++;
    return place;
}

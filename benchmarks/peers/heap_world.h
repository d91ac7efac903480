/* What the loop in heap_loop.c works on: the network, the people and the calendar. */

#include <stdint.h>

enum { DONE, NO_MEMORY, TOO_FAST };
enum { FIXED, EXPONENTIAL, LOGNORMAL };
/* What is due, in the order of equal ticks. */
enum { REFERRAL, ARRIVAL, STAY_END, LAPSE, KIND_BITS = 2 };
/* The numbers of simulator.engine.streams.Purpose. */
enum {
    ARRIVAL_GAP, ACCEPTED, NEED, PROVIDER, TAKE_UP, PATIENCE, LENGTH_OF_STAY, OUTCOME, HANDOVER,
    HANDOVER_SUCCESS, HANDOVER_RETURN, RELAPSE, TIME_AWAY
};

/* Laid out as the dtypes of heap_loop.py. */
struct service {
    double potential, referrals, growth, season[12], take_up, drop_out, rise, spread, harm, relapse;
    double until_relapse;
    int32_t shape, paths;
    uint32_t key;
};
struct path { double edge, on_the_way, returns, until_return; int32_t receiver; };
struct team {
    int64_t referred, declined, started, completed, good_outcomes, dropped_out, returned;
    int64_t handovers_due, handovers_made, waiting, in_service, waited, stayed;
};
/* S services, P providers, N needs, K paths. */
struct network {
    const struct service *service; /* (S,) */
    const double *need_edge;       /* (S, N) */
    const int32_t *need;           /* (S, N): which need it is, at each edge */
    const double *mean_stay;       /* (S, N) */
    const int32_t *line;           /* (S, N): which line people of this need wait in */
    const double *good;            /* (S, N, P) */
    const double *provider_edge;   /* (S, P) */
    const int32_t *provider;       /* (S, P) */
    const int32_t *delivers;       /* (S, P) */
    const struct path *path;       /* (S, K) */
    const double *success;         /* (S, K, P) */
    const int64_t *month_starts;   /* the last one is after the end */
    int64_t end;
    int32_t services, providers, needs, paths, lines, first_month;
};

/* key is tick << KIND_BITS | kind; who a service or a person; stamp the person's, for a lapse. */
struct event { int64_t key; uint32_t who, stamp; };
struct person {
    int64_t asked, granted;
    uint32_t who, visit, stamp;   /* the stamp changes with every start, so an old lapse is known */
    int32_t next, before, number; /* in line, or among spare records; of the place */
    int16_t origin, need, service, provider, came_back;
};
struct line { int32_t head, tail; };

struct world {
    const struct network *network;
    const int64_t *places;
    struct event *heap;
    struct person *person;
    struct team *team;
    struct line *line;
    int32_t *given_back; /* numbers of places, a stack for each team */
    int32_t *first_place, *opened, *spare_places;
    uint32_t *source;    /* number of the next potential person of each service */
    int64_t now;
    int64_t events, events_held; /* in the heap, the gap among them; it has space for so many */
    int gap;                     /* whether the first was taken and is not replaced yet */
    int32_t people, spare, month;
    uint32_t seed, replication;
};

/* The people by the loop of every textbook: one binary heap of events, the sooner first.
 *
 * There is an event for everything, patience included. Nothing is ever taken out of the middle of
 * the heap: when somebody starts, their lapse stays in it and is found stale when it is due.
 *
 * Draws are those of simulator/engine/streams.py, in the same floating point operations, so the
 * people are the same as those of the other keyed engines, one by one. Compile without fast maths
 * and without contraction, or they are not. The clock's TICKS_A_DAY and LONGEST_DAYS, and
 * UNIT_TICKS (waits are added up in units of so many ticks), are told by the command that compiles:
 * constants, so that nothing is divided that can be shifted.
 */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "heap_world.h"
#include "heap_draws.h"

/* -- the calendar ------------------------------------------------------------------------------ */

/* Settle equal keys as the interface of every caseload lays down; it hardly ever happens. */
static __attribute__((noinline, cold)) int first_of_equals(
    const struct world *w, struct event a, struct event b)
{
    const int kind = (int)(a.key & ((1 << KIND_BITS) - 1));
    if (kind == REFERRAL || kind == LAPSE)
        return a.who < b.who;
    const struct person *p = &w->person[a.who], *q = &w->person[b.who];
    if (kind == ARRIVAL)
        return p->origin != q->origin ? p->origin < q->origin : p->who < q->who;
    if (p->provider != q->provider)
        return p->provider < q->provider;
    return p->service != q->service ? p->service < q->service : p->number < q->number;
}

static inline int sooner(const struct world *w, struct event a, struct event b)
{
    if (__builtin_expect(a.key == b.key, 0))
        return first_of_equals(w, a, b);
    return a.key < b.key;
}

static inline void rise(struct world *w, int64_t at, struct event event)
{
    struct event *heap = w->heap;
    while (at > 0 && sooner(w, event, heap[(at - 1) >> 1])) {
        heap[at] = heap[(at - 1) >> 1];
        at = (at - 1) >> 1;
    }
    heap[at] = event;
}

/* Fill the gap at the top of so many events. It goes down to the bottom without a look at the event
 * that fills it, which then rises from there: it seldom rises far. */
static inline void fill_gap(struct world *w, int64_t count, struct event event)
{
    struct event *heap = w->heap;
    int64_t at = 0, child = 1;
    while (child + 1 < count) {
        child += sooner(w, heap[child + 1], heap[child]);
        heap[at] = heap[child];
        at = child;
        child = 2 * at + 1;
    }
    if (child < count) {
        heap[at] = heap[child];
        at = child;
    }
    rise(w, at, event);
}

/* Take the first event. The gap it leaves is for the first event that it brings, since most bring
 * one: that saves a way through the heap. */
static inline struct event take(struct world *w)
{
    w->gap = 1;
    return w->heap[0];
}

static inline void schedule(struct world *w, int64_t tick, int kind, uint32_t who, uint32_t stamp)
{
    const struct event event = {tick << KIND_BITS | kind, who, stamp};
    if (w->gap) {
        w->gap = 0;
        fill_gap(w, w->events, event);
    } else {
        rise(w, w->events++, event);
    }
}

/* Close the gap of an event that brought none. */
static inline void close_gap(struct world *w)
{
    if (w->gap) {
        w->gap = 0;
        w->events--;
        if (w->events > 0)
            fill_gap(w, w->events, w->heap[w->events]);
    }
}

/* -- people ------------------------------------------------------------------------------------ */

static inline int32_t team_of(const struct world *w, const struct person *p)
{
    return p->provider * w->network->services + p->service;
}

static inline void release(struct world *w, int32_t person)
{
    w->person[person].next = w->spare;
    w->spare = person;
}

static inline void start(struct world *w, int32_t person, int32_t number)
{
    const struct network *n = w->network;
    struct person *p = &w->person[person];
    const struct service *node = &n->service[p->service];
    struct team *team = &w->team[team_of(w, p)];
    const double mean = n->mean_stay[p->service * n->needs + p->need];
    double days = mean;
    p->granted = w->now;
    p->number = number;
    p->stamp++;
    team->started++;
    team->waited += (w->now - p->asked) / UNIT_TICKS;
    if (node->shape != FIXED) {
        const double uniform = draw(w, p, LENGTH_OF_STAY);
        if (node->shape == EXPONENTIAL) {
            days = -log(uniform) * mean;
        } else {
            const double spread = node->spread;
            days = mean * exp(spread * inverse_normal(uniform) - 0.5 * spread * spread);
        }
    }
    schedule(w, w->now + to_ticks(days), STAY_END, (uint32_t)person, 0);
}

static inline void leave_line(struct world *w, int32_t person)
{
    const struct network *n = w->network;
    const struct person *p = &w->person[person];
    const int32_t team = team_of(w, p);
    struct line *line = &w->line[team * n->lines + n->line[p->service * n->needs + p->need]];
    if (p->before < 0)
        line->head = p->next;
    else
        w->person[p->before].next = p->next;
    if (p->next < 0)
        line->tail = p->before;
    else
        w->person[p->next].before = p->before;
    w->team[team].waiting--;
}

static inline void wait_in_line(struct world *w, int32_t person, int32_t team)
{
    const struct network *n = w->network;
    struct person *p = &w->person[person];
    const struct service *node = &n->service[p->service];
    struct line *line = &w->line[team * n->lines + n->line[p->service * n->needs + p->need]];
    p->next = -1;
    p->before = line->tail;
    if (line->tail < 0)
        line->head = person;
    else
        w->person[line->tail].next = person;
    line->tail = person;
    w->team[team].waiting++;
    if (node->drop_out > 0.0) {
        double exposure = -log(draw(w, p, PATIENCE)) / node->drop_out;
        if (node->rise > 0.0)
            exposure = log1p(node->rise * exposure) / node->rise;
        schedule(w, w->now + to_ticks(exposure), LAPSE, (uint32_t)person, p->stamp);
    }
}

/* Let somebody come to the service and provider in their record. */
static inline void come(struct world *w, int32_t person)
{
    struct person *p = &w->person[person];
    const int32_t at = team_of(w, p);
    struct team *team = &w->team[at];
    team->referred++;
    team->returned += p->came_back;
    if (draw(w, p, TAKE_UP) >= w->network->service[p->service].take_up) {
        team->declined++;
        release(w, person);
        return;
    }
    p->asked = w->now;
    if (team->in_service >= w->places[at]) {
        wait_in_line(w, person, at);
        return;
    }
    team->in_service++;
    start(
        w, person,
        w->spare_places[at] > 0 ? w->given_back[w->first_place[at] + --w->spare_places[at]]
                                : w->opened[at]++);
}

static inline void choose_provider(struct world *w, struct person *p)
{
    const struct network *n = w->network;
    const int32_t row = p->service * n->providers;
    const double uniform = draw(w, p, PROVIDER);
    p->provider = (int16_t)n->provider[row + pick(n->provider_edge + row, n->providers, uniform)];
}

static inline void expect(struct world *w, int32_t service)
{
    const struct service *node = &w->network->service[service];
    const double uniform = uniform_of(w, w->source[service], node->key, 0, ARRIVAL_GAP);
    const int64_t gap = to_ticks(-log(uniform) / node->potential);
    schedule(w, w->now + gap, REFERRAL, (uint32_t)service, 0);
}

/* Let a potential person come, who is a real one by their own draw. */
static inline int refer(struct world *w, int32_t service)
{
    const struct network *n = w->network;
    const struct service *node = &n->service[service];
    const uint32_t number = w->source[service]++;
    while (w->now >= n->month_starts[w->month + 1])
        w->month++;
    const double rate = node->referrals * exp(node->growth * ((double)w->now / TICKS_A_DAY))
                        * node->season[(w->month + n->first_month) % 12];
    if (rate > node->potential)
        return TOO_FAST;
    expect(w, service);
    if (uniform_of(w, number, node->key, 0, ACCEPTED) * node->potential >= rate)
        return DONE;
    const int32_t person = w->spare;
    struct person *p = &w->person[person];
    w->spare = p->next;
    p->who = number;
    p->visit = 0;
    p->origin = p->service = (int16_t)service;
    p->came_back = 0;
    const int32_t row = service * n->needs;
    p->need = (int16_t)n->need[row + pick(n->need_edge + row, n->needs, draw(w, p, NEED))];
    choose_provider(w, p);
    come(w, person);
    return DONE;
}

static inline void arrive(struct world *w, int32_t person)
{
    struct person *p = &w->person[person];
    p->visit++;
    if (!w->network->delivers[p->service * w->network->providers + p->provider])
        choose_provider(w, p);
    come(w, person);
}

static inline double after_wait(double chance, double harm, double waited)
{
    if (harm == 0.0 || waited == 0.0 || chance == 0.0 || chance == 1.0)
        return chance;
    if (isinf(harm))
        return 0.0;
    const double odds = chance / (1 - chance) * exp(-harm * waited);
    return odds / (1 + odds);
}

/* Let somebody leave with an outcome, for another service, to come back, or for good. */
static inline void leave(struct world *w, int32_t person, struct team *team)
{
    const struct network *n = w->network;
    struct person *p = &w->person[person];
    const int32_t here = p->service;
    const struct service *node = &n->service[here];
    const double waited = (double)(p->granted - p->asked) / TICKS_A_DAY;
    const double without = n->good[(here * n->needs + p->need) * n->providers + p->provider];
    const int good = draw(w, p, OUTCOME) < after_wait(without, node->harm, waited);
    int32_t next = -1;
    double away = 0.0;
    team->good_outcomes += good;
    int32_t chosen = node->paths;
    if (chosen > 0) {
        const double uniform = draw(w, p, HANDOVER);
        for (chosen = 0; chosen < node->paths; chosen++)
            if (uniform < n->path[here * n->paths + chosen].edge)
                break;
    }
    if (chosen < node->paths) {
        const int32_t row = here * n->paths + chosen;
        const struct path *path = &n->path[row];
        team->handovers_due++;
        if (draw(w, p, HANDOVER_SUCCESS) < n->success[row * n->providers + p->provider]) {
            team->handovers_made++;
            next = path->receiver;
            away = path->on_the_way;
        } else if (draw(w, p, HANDOVER_RETURN) < path->returns) {
            next = here;
            away = path->until_return;
        }
    } else if (good && node->relapse > 0.0 && draw(w, p, RELAPSE) < node->relapse) {
        next = here;
        away = node->until_relapse;
    }
    if (next < 0) {
        release(w, person);
        return;
    }
    p->came_back = next == here;
    p->service = (int16_t)next;
    const int64_t due = w->now + to_ticks(-log(draw(w, p, TIME_AWAY)) * away);
    schedule(w, due, ARRIVAL, (uint32_t)person, 0);
}

static inline int32_t first_in_line(const struct world *w, int32_t team)
{
    const struct line *line = &w->line[team * w->network->lines];
    for (int32_t order = 0; order < w->network->lines; order++)
        if (line[order].head >= 0)
            return line[order].head;
    return -1;
}

static inline void end_stay(struct world *w, int32_t person)
{
    struct person *p = &w->person[person];
    const int32_t at = team_of(w, p), number = p->number;
    struct team *team = &w->team[at];
    team->completed++;
    team->stayed += (w->now - p->granted) / UNIT_TICKS;
    const int32_t following = first_in_line(w, at);
    if (following >= 0) {
        leave_line(w, following);
        start(w, following, number);
    } else {
        w->given_back[w->first_place[at] + w->spare_places[at]++] = number;
        team->in_service--;
    }
    leave(w, person, team);
}

static inline void lapse(struct world *w, struct event event)
{
    const int32_t person = (int32_t)event.who;
    if (w->person[person].stamp != event.stamp)
        return; /* started meanwhile, and perhaps gone */
    w->team[team_of(w, &w->person[person])].dropped_out++;
    leave_line(w, person);
    w->person[person].stamp++;
    release(w, person);
}

/* -- futures ----------------------------------------------------------------------------------- */

/* Have a spare record and space for the events that one event can bring. */
static inline int make_space(struct world *w)
{
    if (__builtin_expect(w->spare < 0, 0)) {
        const int32_t people = w->people > 0 ? 2 * w->people : 256;
        struct person *more = realloc(w->person, (size_t)people * sizeof *more);
        if (more == NULL)
            return NO_MEMORY;
        w->person = more;
        for (int32_t person = people - 1; person >= w->people; person--) {
            more[person].stamp = 0;
            release(w, person);
        }
        w->people = people;
    }
    if (__builtin_expect(w->events + 4 > w->events_held, 0)) {
        const int64_t events = w->events_held > 0 ? 2 * w->events_held : 1024;
        struct event *more = realloc(w->heap, (size_t)events * sizeof *more);
        if (more == NULL)
            return NO_MEMORY;
        w->heap = more;
        w->events_held = events;
    }
    return DONE;
}

static int live_one(struct world *w)
{
    const struct network *n = w->network;
    const int32_t teams = n->services * n->providers;
    int status = DONE;
    w->now = w->events = w->month = w->gap = 0;
    w->spare = -1;
    for (int32_t person = w->people - 1; person >= 0; person--)
        release(w, person);
    for (int32_t line = 0; line < teams * n->lines; line++)
        w->line[line] = (struct line){-1, -1};
    for (int32_t team = 0; team < teams; team++)
        w->opened[team] = w->spare_places[team] = 0;
    for (int32_t service = 0; service < n->services && status == DONE; service++) {
        w->source[service] = 0;
        status = make_space(w);
        if (status == DONE && n->service[service].potential > 0.0)
            expect(w, service);
    }
    while (status == DONE && w->events > 0 && w->heap[0].key >> KIND_BITS < n->end) {
        status = make_space(w);
        if (status != DONE)
            break;
        const struct event event = take(w);
        w->now = event.key >> KIND_BITS;
        switch (event.key & ((1 << KIND_BITS) - 1)) {
        case REFERRAL:
            status = refer(w, (int32_t)event.who);
            break;
        case ARRIVAL:
            arrive(w, (int32_t)event.who);
            break;
        case STAY_END:
            end_stay(w, (int32_t)event.who);
            break;
        default:
            lapse(w, event);
        }
        close_gap(w);
    }
    return status;
}

/* Live futures one after another, and count what came of each: team has shape (futures, P, S) and
 * comes filled with zeros, places has shape (P, S). Returns DONE, or why it stopped. */
int live(
    const struct network *network, const int64_t *places, uint32_t seed, uint32_t first,
    int32_t futures, struct team *team)
{
    const int32_t teams = network->services * network->providers;
    int64_t held = 0;
    for (int32_t each = 0; each < teams; each++)
        held += places[each];
    struct world w = {.network = network, .places = places, .seed = seed};
    w.line = malloc((size_t)(teams * network->lines) * sizeof *w.line);
    w.given_back = malloc((size_t)(held + 1) * sizeof *w.given_back);
    w.first_place = malloc(3 * (size_t)teams * sizeof *w.first_place);
    w.source = malloc((size_t)network->services * sizeof *w.source);
    int status = w.line && w.given_back && w.first_place && w.source ? DONE : NO_MEMORY;
    if (status == DONE) {
        w.opened = w.first_place + teams;
        w.spare_places = w.opened + teams;
        int32_t place = 0;
        for (int32_t each = 0; each < teams; each++) {
            w.first_place[each] = place;
            place += (int32_t)places[each];
        }
    }
    for (int32_t future = 0; future < futures && status == DONE; future++) {
        w.team = team + (int64_t)future * teams;
        w.replication = first + (uint32_t)future;
        status = live_one(&w);
    }
    free(w.line);
    free(w.given_back);
    free(w.first_place);
    free(w.source);
    free(w.heap);
    free(w.person);
    return status;
}

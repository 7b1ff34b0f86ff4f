/* libwayland as a client of libffi: a server and its client in one process, which speak over a socket pair. Requests and events of every
 * kind of argument that the protocol has are dispatched to C functions; what arrives is made of a seed, and so is what is expected. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wayland-client.h>
#include <wayland-server.h>

static int nchecks;

static void check(int ok, const char *what, int seed)
{
    if (!ok) {
        fprintf(stderr, "%s, seed %d\n", what, seed);
        exit(1);
    }
    __atomic_add_fetch(&nchecks, 1, __ATOMIC_RELAXED);
}

/* -- the protocol: int, unsigned, fixed, string, object, new object, array and file, each that may be none also as none ------------- */

static const struct wl_interface kinds_interface;
static const struct wl_interface *all_types[] = {NULL, NULL, NULL, NULL, NULL, &kinds_interface, &kinds_interface, &kinds_interface, NULL, NULL, NULL};
static const struct wl_interface *no_types[20];

enum { ALL, MANY, NONE };

#define MESSAGES {"all", "iufs?so?onahi", all_types}, {"many", "iusfiusfiusfiusfiusf", no_types}, {"none", "", no_types}
static const struct wl_message requests[] = {MESSAGES}, events[] = {MESSAGES};
static const struct wl_interface kinds_interface = {"kinds", 1, 3, requests, 3, events};

static int int_of(int seed)
{
    return seed * -7919;
}

static uint32_t unsigned_of(int seed)
{
    return 0xffffffffu - (uint32_t)seed;
}

static wl_fixed_t fixed_of(int seed)
{
    return wl_fixed_from_double(seed / 4.0 - 3);
}

static const char *text_of(int seed, char text[static 40])
{
    snprintf(text, 40, "%0*d", seed % 30, seed);
    return text;
}

static const char *maybe_text_of(int seed, char text[static 40])
{
    return seed % 2 != 0 ? text_of(seed, text) : NULL;
}

static void fill_array(struct wl_array *array, int seed)
{
    wl_array_init(array);
    memset(wl_array_add(array, (size_t)seed), seed, (size_t)seed);
}

static int is_array(const struct wl_array *array, int seed)
{
    for (int i = 0; i < seed; i++)
        if (((const unsigned char *)array->data)[i] != (unsigned char)seed)
            return 0;
    return array->size == (size_t)seed;
}

/* A pipe's end that has the seed to read. */
static int file_of(int seed)
{
    int ends[2];
    check(pipe(ends) == 0 && write(ends[1], &seed, sizeof seed) == sizeof seed, "pipe", seed);
    close(ends[1]);
    return ends[0];
}

static int is_file(int file, int seed)
{
    int got = -1;
    int is = read(file, &got, sizeof got) == sizeof got && got == seed;
    close(file);
    return is;
}

static int is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What both sides check of `all`: the object is there, the one that may be none is it or none. */
static void check_all(int seed, int i, uint32_t u, wl_fixed_t f, const char *s, const char *t, const void *self, const void *o, const void *p,
                      const struct wl_array *a, int h)
{
    char text[40];
    check(i == int_of(seed), "int", seed);
    check(u == unsigned_of(seed), "unsigned", seed);
    check(f == fixed_of(seed), "fixed", seed);
    check(is_same_text(s, text_of(seed, text)), "string", seed);
    check(is_same_text(t, maybe_text_of(seed, text)), "string or none", seed);
    check(o == self, "object", seed);
    check(p == (seed % 3 != 0 ? self : NULL), "object or none", seed);
    check(is_array(a, seed), "array", seed);
    check(is_file(h, seed), "file", seed);
}

#define MANY_PARAMETERS(n) int32_t i##n, uint32_t u##n, const char *s##n, wl_fixed_t f##n
#define MANY_ARGUMENTS(n) int_of(seed + n), unsigned_of(seed + n), text_of(seed + n, text[n]), fixed_of(seed + n)
#define MANY_ARE(n) (i##n == int_of(seed + n) && u##n == unsigned_of(seed + n) && is_same_text(s##n, text_of(seed + n, text)) && f##n == fixed_of(seed + n))

static void check_many(MANY_PARAMETERS(0), MANY_PARAMETERS(1), MANY_PARAMETERS(2), MANY_PARAMETERS(3), MANY_PARAMETERS(4))
{
    char text[40];
    int seed = i0 / -7919;
    check(MANY_ARE(0) && MANY_ARE(1) && MANY_ARE(2) && MANY_ARE(3) && MANY_ARE(4), "many", seed);
}

/* -- the server: answers each request by the event of the same arguments ------------------------------------------------------------ */

typedef struct Server {
    struct wl_display *display;
    int nnone;
} Server;

static const struct KindsRequests {
    void (*all)(struct wl_client *, struct wl_resource *, int32_t, uint32_t, wl_fixed_t, const char *, const char *, struct wl_resource *,
                struct wl_resource *, uint32_t, struct wl_array *, int32_t, int32_t);
    void (*many)(struct wl_client *, struct wl_resource *, MANY_PARAMETERS(0), MANY_PARAMETERS(1), MANY_PARAMETERS(2), MANY_PARAMETERS(3),
                 MANY_PARAMETERS(4));
    void (*none)(struct wl_client *, struct wl_resource *);
} implementation;

static void serve_all(struct wl_client *client, struct wl_resource *resource, int32_t i, uint32_t u, wl_fixed_t f, const char *s, const char *t,
                      struct wl_resource *o, struct wl_resource *p, uint32_t n, struct wl_array *a, int32_t h, int32_t seed)
{
    Server *server = wl_resource_get_user_data(resource);
    check_all(seed, i, u, f, s, t, resource, o, p, a, h);
    check(wl_resource_get_client(resource) == client && server != NULL, "client", seed);
    struct wl_resource *made = wl_resource_create(client, &kinds_interface, 1, n);
    wl_resource_set_implementation(made, &implementation, server, NULL);
    struct wl_resource *another = wl_resource_create(client, &kinds_interface, 1, 0);
    wl_resource_set_implementation(another, &implementation, server, NULL);
    int file = file_of(seed);
    wl_resource_post_event(resource, ALL, i, u, f, s, t, o, p, another, a, file, seed);
    close(file);
}

static void serve_many(struct wl_client *client, struct wl_resource *resource, MANY_PARAMETERS(0), MANY_PARAMETERS(1), MANY_PARAMETERS(2),
                       MANY_PARAMETERS(3), MANY_PARAMETERS(4))
{
    check(wl_resource_get_client(resource) == client, "client", i0);
    check_many(i0, u0, s0, f0, i1, u1, s1, f1, i2, u2, s2, f2, i3, u3, s3, f3, i4, u4, s4, f4);
    wl_resource_post_event(resource, MANY, i0, u0, s0, f0, i1, u1, s1, f1, i2, u2, s2, f2, i3, u3, s3, f3, i4, u4, s4, f4);
}

static void serve_none(struct wl_client *client, struct wl_resource *resource)
{
    Server *server = wl_resource_get_user_data(resource);
    (void)client;
    server->nnone++;
    wl_resource_post_event(resource, NONE);
}

static const struct KindsRequests implementation = {serve_all, serve_many, serve_none};

static void bind_kinds(struct wl_client *client, void *data, uint32_t version, uint32_t id)
{
    struct wl_resource *resource = wl_resource_create(client, &kinds_interface, (int)version, id);
    wl_resource_set_implementation(resource, &implementation, data, NULL);
}

/* The client's end of the connection. */
static int start_server(Server *server)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair", 0);
    *server = (Server){.display = wl_display_create()};
    check(wl_global_create(server->display, &kinds_interface, 1, server, bind_kinds) != NULL, "global", 0);
    check(wl_client_create(server->display, ends[0]) != NULL, "connection", 0);
    return ends[1];
}

static void serve(Server *server)
{
    wl_event_loop_dispatch(wl_display_get_event_loop(server->display), 0);
    wl_display_flush_clients(server->display);
}

/* -- the client ------------------------------------------------------------------------------------------------------------------------ */

typedef struct Client {
    struct wl_display *display;
    struct wl_proxy *kinds, *made; /* by the registry; by the last `all` */
    Server *server;                /* NULL: in another process */
    int nall, nmany, nnone;
} Client;

static void on_all(void *data, struct wl_proxy *kinds, int32_t i, uint32_t u, wl_fixed_t f, const char *s, const char *t, struct wl_proxy *o,
                   struct wl_proxy *p, struct wl_proxy *made, struct wl_array *a, int32_t h, int32_t seed)
{
    Client *client = data;
    check(kinds == client->kinds, "the event's object", seed);
    check(seed == client->nall, "order", seed);
    check_all(seed, i, u, f, s, t, kinds, o, p, a, h);
    check(wl_proxy_get_id(made) >= 0xff000000u, "an object of the server", seed);
    wl_proxy_destroy(made);
    client->nall++;
}

static void on_many(void *data, struct wl_proxy *kinds, MANY_PARAMETERS(0), MANY_PARAMETERS(1), MANY_PARAMETERS(2), MANY_PARAMETERS(3),
                    MANY_PARAMETERS(4))
{
    Client *client = data;
    check(kinds == client->kinds, "the event's object", i0);
    check(i0 == int_of(client->nmany), "order", i0);
    check_many(i0, u0, s0, f0, i1, u1, s1, f1, i2, u2, s2, f2, i3, u3, s3, f3, i4, u4, s4, f4);
    client->nmany++;
}

static void on_none(void *data, struct wl_proxy *kinds)
{
    Client *client = data;
    check(kinds == client->kinds, "the event's object", 0);
    client->nnone++;
}

static const struct {
    void (*all)(void *, struct wl_proxy *, int32_t, uint32_t, wl_fixed_t, const char *, const char *, struct wl_proxy *, struct wl_proxy *,
                struct wl_proxy *, struct wl_array *, int32_t, int32_t);
    void (*many)(void *, struct wl_proxy *, MANY_PARAMETERS(0), MANY_PARAMETERS(1), MANY_PARAMETERS(2), MANY_PARAMETERS(3), MANY_PARAMETERS(4));
    void (*none)(void *, struct wl_proxy *);
} listener = {on_all, on_many, on_none};

static void on_global(void *data, struct wl_registry *registry, uint32_t name, const char *interface, uint32_t version)
{
    Client *client = data;
    if (strcmp(interface, "kinds") != 0)
        return;
    client->kinds = wl_registry_bind(registry, name, &kinds_interface, version);
    wl_proxy_add_listener(client->kinds, (void (**)(void))(void *)&listener, client);
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name)
{
    (void)data, (void)registry, (void)name;
}

static const struct wl_registry_listener registry_listener = {on_global, on_global_remove};

/* Sends what there is, lets the server answer, and dispatches its events. */
static void exchange(Client *client)
{
    struct pollfd poller = {wl_display_get_fd(client->display), POLLIN, 0};
    wl_display_flush(client->display);
    if (client->server != NULL)
        serve(client->server);
    check(wl_display_prepare_read(client->display) == 0, "nothing is pending", 0);
    if (poll(&poller, 1, client->server != NULL ? 0 : 1000) > 0)
        check(wl_display_read_events(client->display) == 0, "reading", 0);
    else
        wl_display_cancel_read(client->display);
    check(wl_display_dispatch_pending(client->display) >= 0, "dispatching", 0);
}

static void request_all(Client *client, int seed)
{
    char text[40], maybe[40];
    struct wl_array array;
    int file = file_of(seed);
    fill_array(&array, seed);
    client->made = wl_proxy_marshal_flags(client->kinds, ALL, &kinds_interface, 1, 0, int_of(seed), unsigned_of(seed), fixed_of(seed),
                                          text_of(seed, text), maybe_text_of(seed, maybe), client->kinds,
                                          seed % 3 != 0 ? client->kinds : NULL, NULL, &array, file, seed);
    close(file);
    wl_array_release(&array);
    wl_proxy_destroy(client->made);
}

static void request_many(Client *client, int seed)
{
    char text[5][40];
    wl_proxy_marshal_flags(client->kinds, MANY, NULL, 1, 0, MANY_ARGUMENTS(0), MANY_ARGUMENTS(1), MANY_ARGUMENTS(2), MANY_ARGUMENTS(3),
                           MANY_ARGUMENTS(4));
}

/* nrounds requests of each kind, and as many events. */
static void converse(int connection, Server *server, int nrounds)
{
    Client client = {.display = wl_display_connect_to_fd(connection), .server = server};
    struct wl_registry *registry = wl_display_get_registry(client.display);
    wl_registry_add_listener(registry, &registry_listener, &client);
    while (client.kinds == NULL)
        exchange(&client);
    for (int seed = 0; seed < nrounds; seed++) {
        request_all(&client, seed);
        request_many(&client, seed);
        wl_proxy_marshal_flags(client.kinds, NONE, NULL, 1, 0);
        while (client.nnone <= seed)
            exchange(&client);
    }
    check(client.nall == nrounds && client.nmany == nrounds && client.nnone == nrounds, "events", nrounds);
    wl_proxy_destroy(client.kinds);
    wl_registry_destroy(registry);
    wl_display_disconnect(client.display);
}

/* -- in one thread, in several, with the server in a child ------------------------------------------------------------------------------ */

static void *run(void *nrounds)
{
    Server server;
    int connection = start_server(&server);
    converse(connection, &server, *(int *)nrounds);
    check(server.nnone == *(int *)nrounds, "requests", 0);
    wl_display_destroy_clients(server.display);
    wl_display_destroy(server.display);
    return NULL;
}

static void check_child(void)
{
    Server server;
    int status = -1, nrounds = 20, connection = start_server(&server);
    pid_t child = fork();
    if (child == 0) {
        while (server.nnone < nrounds) {
            wl_event_loop_dispatch(wl_display_get_event_loop(server.display), 1000);
            wl_display_flush_clients(server.display);
        }
        _exit(0);
    }
    converse(connection, NULL, nrounds);
    check(waitpid(child, &status, 0) == child && status == 0, "the child's status", status);
    wl_display_destroy_clients(server.display);
    wl_display_destroy(server.display);
}

int main(void)
{
    pthread_t threads[4];
    int nrounds = 100;
    run(&nrounds);
    for (int i = 0; i < 4; i++)
        check(pthread_create(&threads[i], NULL, run, &nrounds) == 0, "thread", i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    check_child();
    printf("%d checks\n", nchecks);
    return 0;
}

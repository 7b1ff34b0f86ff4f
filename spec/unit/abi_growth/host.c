/* A program that loads the inferior as a module: host MODULE SITUATION PATH. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *module = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    int (*inferior_main)(int argc, char **argv) = NULL;
    if (module != NULL)
        *(void **)&inferior_main = dlsym(module, "inferior_main");
    if (inferior_main == NULL) {
        fprintf(stderr, "host: %s\n", dlerror());
        return 2;
    }
    return inferior_main(argc - 1, argv + 1);
}

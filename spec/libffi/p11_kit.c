/* p11-kit as a client of libffi: each loading of a PKCS#11 module as a managed one makes closures for all its functions, by libffi when the
 * built-in ones are used up. What they answer is compared with what the module itself does. */
#include <p11-kit/p11-kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NLOADINGS = 100, NSLOTS_MAX = 16, NOBJECTS_MAX = 50, NBYTES_MAX = 200 };

static int nchecks;

static void check(int ok, const char *what, int loading)
{
    if (!ok) {
        fprintf(stderr, "%s, loading %d\n", what, loading);
        exit(1);
    }
    nchecks++;
}

/* All that is asked of a module. */
typedef struct Answers {
    CK_INFO info;
    CK_ULONG nslots, nobjects, nmechanisms, nlabels[NOBJECTS_MAX];
    CK_RV waited;
    CK_TOKEN_INFO token;
    CK_SESSION_INFO session;
    CK_BYTE labels[NOBJECTS_MAX][NBYTES_MAX];
} Answers;

static void ask_objects(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, Answers *answers, int loading)
{
    CK_OBJECT_HANDLE objects[NOBJECTS_MAX];
    check(module->C_FindObjectsInit(session, NULL, 0) == CKR_OK, "C_FindObjectsInit", loading);
    check(module->C_FindObjects(session, objects, NOBJECTS_MAX, &answers->nobjects) == CKR_OK, "C_FindObjects", loading);
    check(module->C_FindObjectsFinal(session) == CKR_OK, "C_FindObjectsFinal", loading);
    for (CK_ULONG i = 0; i < answers->nobjects; i++) {
        CK_ATTRIBUTE attribute = {CKA_LABEL, answers->labels[i], NBYTES_MAX};
        module->C_GetAttributeValue(session, objects[i], &attribute, 1);
        answers->nlabels[i] = attribute.ulValueLen;
    }
}

static void ask(CK_FUNCTION_LIST *module, Answers *answers, int loading)
{
    CK_SLOT_ID slots[NSLOTS_MAX];
    CK_SESSION_HANDLE session;
    memset(answers, 0, sizeof *answers);
    answers->nslots = NSLOTS_MAX;
    check(module->C_GetInfo(&answers->info) == CKR_OK, "C_GetInfo", loading);
    check(module->C_GetSlotList(CK_TRUE, slots, &answers->nslots) == CKR_OK && answers->nslots > 0, "C_GetSlotList", loading);
    check(module->C_GetTokenInfo(slots[0], &answers->token) == CKR_OK, "C_GetTokenInfo", loading);
    check(module->C_GetMechanismList(slots[0], NULL, &answers->nmechanisms) == CKR_OK, "C_GetMechanismList", loading);
    answers->waited = module->C_WaitForSlotEvent(CKF_DONT_BLOCK, slots, NULL);
    check(module->C_OpenSession(slots[0], CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK, "C_OpenSession", loading);
    check(module->C_GetSessionInfo(session, &answers->session) == CKR_OK, "C_GetSessionInfo", loading);
    answers->session.slotID = 0; /* managed modules have numbers of their own */
    ask_objects(module, session, answers, loading);
    check(module->C_CloseSession(session) == CKR_OK, "C_CloseSession", loading);
    check(module->C_CloseSession(session) == CKR_SESSION_HANDLE_INVALID, "C_CloseSession twice", loading);
}

static CK_FUNCTION_LIST **load(int flags, CK_FUNCTION_LIST **module, int loading)
{
    CK_FUNCTION_LIST **modules = p11_kit_modules_load(NULL, flags);
    check(modules != NULL, "p11_kit_modules_load", loading);
    *module = p11_kit_module_for_name(modules, "p11-kit-trust");
    check(*module != NULL && p11_kit_module_initialize(*module) == CKR_OK, "p11_kit_module_initialize", loading);
    return modules;
}

int main(void)
{
    static Answers wanted, got;
    CK_FUNCTION_LIST **loadings[NLOADINGS], *modules[NLOADINGS], *itself;
    CK_FUNCTION_LIST **unmanaged = load(P11_KIT_MODULE_UNMANAGED, &itself, -1);
    ask(itself, &wanted, -1);
    for (int i = 0; i < NLOADINGS; i++)
        loadings[i] = load(0, &modules[i], i);
    for (int i = 0; i < NLOADINGS; i++) {
        check(modules[i] != itself, "managed", i);
        ask(modules[i], &got, i);
        check(memcmp(&got, &wanted, sizeof got) == 0, "the answers", i);
    }
    for (int i = 0; i < NLOADINGS; i++) {
        check(p11_kit_module_finalize(modules[i]) == CKR_OK, "p11_kit_module_finalize", i);
        p11_kit_modules_release(loadings[i]);
    }
    p11_kit_module_finalize(itself);
    p11_kit_modules_release(unmanaged);
    printf("%d checks\n", nchecks);
    return 0;
}

/* Owns ffi_prep_cif and its kin: what they check, in libffi's order and with its answers. */
#include "libffi/adapter.h"
#include "libffi/intern.h"

static ffi_status prepare(ffi_cif *cif, ffi_abi abi, unsigned nfixed, bool is_variadic)
{
    if (!adapter_is_abi(abi))
        return FFI_BAD_ABI;
    if (adapter_complete(cif->rtype) != FFI_OK)
        return FFI_BAD_TYPEDEF;
    for (unsigned i = 0; i < cif->nargs; i++)
        if (adapter_complete(cif->arg_types[i]) != FFI_OK)
            return FFI_BAD_TYPEDEF;
    const Signature *signature = intern_signature(cif, nfixed, is_variadic);
    if (signature == NULL)
        return FFI_BAD_TYPEDEF;
    intern_attach(cif, signature);
    return FFI_OK;
}

ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned int nargs, ffi_type *rtype, ffi_type **atypes)
{
    *cif = (ffi_cif){.abi = abi, .nargs = nargs, .arg_types = atypes, .rtype = rtype};
    const Signature *known = intern_known(cif);
    if (known == NULL)
        return prepare(cif, abi, nargs, false);
    intern_attach(cif, known);
    return FFI_OK;
}

/* C promotes float to double and small integers to int before it passes them to `...`. */
static bool is_unpromoted(const ffi_type *type)
{
    return type->type == FFI_TYPE_FLOAT || (type->type != FFI_TYPE_STRUCT && type->type != FFI_TYPE_COMPLEX &&
                                            type->type != FFI_TYPE_VECTOR && type->size < sizeof(int));
}

ffi_status ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned int nfixedargs, unsigned int ntotalargs,
                            ffi_type *rtype, ffi_type **atypes)
{
    *cif = (ffi_cif){.abi = abi, .nargs = ntotalargs, .arg_types = atypes, .rtype = rtype};
    ffi_status status = prepare(cif, abi, nfixedargs, true);
    if (status != FFI_OK)
        return status;
    for (unsigned i = nfixedargs; i < ntotalargs; i++)
        if (is_unpromoted(atypes[i]))
            return FFI_BAD_ARGTYPE;
    return FFI_OK;
}

ffi_status ffi_get_struct_offsets(ffi_abi abi, ffi_type *struct_type, size_t *offsets)
{
    if (!adapter_is_abi(abi))
        return FFI_BAD_ABI;
    if (struct_type->type != FFI_TYPE_STRUCT)
        return FFI_BAD_TYPEDEF;
    return adapter_lay_out(struct_type, offsets);
}

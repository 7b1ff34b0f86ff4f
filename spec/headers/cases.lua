-- The headers of the proof: one list of jobs for pool.lua, those whose packages are not installed left out.
local support = require "spec.support"

local cases = {}

-- What libc and the compiler bring; always there.
local libc = {
    -- C
    "assert.h complex.h ctype.h errno.h fenv.h inttypes.h locale.h math.h setjmp.h signal.h stdarg.h",
    "stdatomic.h stddef.h stdint.h stdio.h stdlib.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h",
    -- POSIX
    "aio.h arpa/inet.h dirent.h dlfcn.h fcntl.h fmtmsg.h fnmatch.h ftw.h glob.h grp.h iconv.h langinfo.h libgen.h monetary.h mqueue.h",
    "net/if.h netdb.h netinet/in.h netinet/tcp.h nl_types.h poll.h pthread.h pwd.h regex.h sched.h search.h semaphore.h spawn.h strings.h",
    "sys/ipc.h sys/mman.h sys/msg.h sys/resource.h sys/select.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h sys/statvfs.h sys/time.h sys/times.h",
    "sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h syslog.h termios.h ulimit.h unistd.h utime.h utmpx.h wordexp.h",
    -- GNU
    "alloca.h ar.h argp.h argz.h arpa/nameser.h byteswap.h elf.h endian.h envz.h err.h error.h execinfo.h fstab.h fts.h gconv.h getopt.h",
    "gshadow.h ifaddrs.h lastlog.h libintl.h link.h malloc.h mcheck.h mntent.h net/ethernet.h net/if_arp.h net/ppp_defs.h net/route.h",
    "netinet/ether.h netinet/icmp6.h netinet/if_ether.h netinet/igmp.h netinet/ip.h netinet/ip6.h netinet/ip_icmp.h netinet/udp.h netpacket/packet.h",
    "nss.h obstack.h printf.h proc_service.h pty.h resolv.h rpc/netdb.h scsi/sg.h shadow.h stdio_ext.h sys/acct.h sys/epoll.h",
    "sys/eventfd.h sys/fanotify.h sys/inotify.h sys/ioctl.h sys/mount.h sys/procfs.h sys/ptrace.h sys/quota.h sys/random.h sys/rseq.h",
    "sys/sendfile.h sys/signalfd.h sys/sysinfo.h sys/timerfd.h sys/timex.h sys/ucontext.h sys/user.h sys/vfs.h sys/xattr.h thread_db.h ttyent.h",
    "ucontext.h utmp.h",
    -- Linux
    "asm/kvm.h asm/ptrace.h asm/sigcontext.h asm/stat.h linux/aio_abi.h linux/audit.h linux/bpf.h linux/btf.h linux/btrfs.h linux/can.h",
    "linux/capability.h linux/cdrom.h linux/dm-ioctl.h linux/elf.h linux/ethtool.h linux/fb.h linux/filter.h linux/fs.h linux/futex.h linux/fuse.h",
    "linux/genetlink.h linux/gpio.h linux/hdreg.h linux/hid.h linux/hidraw.h linux/i2c-dev.h linux/if_link.h linux/if_packet.h linux/if_tun.h",
    "linux/input.h linux/io_uring.h linux/ip.h linux/ipv6.h linux/joystick.h linux/kd.h linux/kvm.h linux/landlock.h linux/loop.h linux/media.h",
    "linux/mempolicy.h linux/netfilter.h linux/netlink.h linux/nl80211.h linux/nvme_ioctl.h linux/perf_event.h linux/pkt_cls.h linux/ptp_clock.h",
    "linux/rtnetlink.h linux/sched.h linux/seccomp.h linux/serial.h linux/soundcard.h linux/spi/spidev.h linux/stat.h linux/taskstats.h linux/tcp.h",
    "linux/uinput.h linux/usb/ch9.h linux/usbdevice_fs.h linux/userfaultfd.h linux/vfio.h linux/vhost.h linux/videodev2.h linux/virtio_net.h",
    "linux/wireguard.h linux/xfrm.h sound/asound.h rdma/ib_user_verbs.h mtd/mtd-user.h",
    -- gcc
    "cpuid.h immintrin.h quadmath.h unwind.h x86intrin.h",
}

-- pkg-config's name of a package, its headers as #include takes them.
local packages = {
    { "zlib", "zlib.h" },
    { "sqlite3", "sqlite3.h sqlite3ext.h" },
    { "libcurl", "curl/curl.h" },
    { "openssl", "openssl/ssl.h openssl/evp.h openssl/x509v3.h openssl/cms.h openssl/ts.h openssl/engine.h openssl/ocsp.h openssl/core_dispatch.h" },
    { "libuv", "uv.h" },
    { "sdl2", "SDL2/SDL.h SDL2/SDL_syswm.h SDL2/SDL_opengl.h" },
    { "glib-2.0", "glib.h glib-object.h gmodule.h" },
    { "gio-unix-2.0", "gio/gio.h gio/gunixfdlist.h" },
    { "gtk+-3.0", "gtk/gtk.h" },
    { "x11", "X11/Xlib.h X11/Xutil.h X11/Xresource.h X11/XKBlib.h" },
    { "xcb", "xcb/xcb.h" },
    { "libxml-2.0", "libxml/parser.h libxml/xpath.h libxml/xmlreader.h libxml/xmlschemas.h" },
    { "libpng", "png.h" },
    { "libavcodec", "libavcodec/avcodec.h" },
    { "libavutil", "libavutil/frame.h" },
    { "vulkan", "vulkan/vulkan.h" },
    { "python3", "Python.h" },
    { "lua5.4", "lua.h lauxlib.h" },
}

-- The headers that issue after issue is about: these are read in every way below.
local varied = {
    "stdio.h", "stdlib.h", "string.h", "math.h", "complex.h", "time.h", "sys/stat.h", "sys/socket.h", "netinet/in.h", "pthread.h",
    "signal.h", "fcntl.h", "poll.h", "dirent.h", "elf.h", "linux/input.h", "linux/bpf.h", "linux/perf_event.h", "tgmath.h", "immintrin.h", "unistd.h",
}

-- Ways to preprocess: words for the test's name, and what differs from plain `gcc -E`.
local ways = {
    { name = " with -P", flags = "-P" },
    { name = " with _GNU_SOURCE", flags = "-D_GNU_SOURCE" },
    { name = " fortified", standard = "-O2", flags = "-D_FORTIFY_SOURCE=2" },
    { name = " in C2x", standard = "-std=gnu2x" },
    { name = " in C99", standard = "-std=gnu99", flags = "-D_XOPEN_SOURCE=700" },
}

-- Clang's own headers are in what these include, with its intrinsics, which gcc does not compile: that the text is taken whole is all that is
-- seen. Its tgmath.h overloads functions, which is not C.
local clangs_own = { ["immintrin.h"] = true, ["SDL2/SDL.h"] = true }
local overloads = { ["tgmath.h"] = true }

local GCC = support.cc
local _, no_clang = support.run "command -v clang"
if no_clang == 0 then ways[#ways + 1] = { name = " preprocessed by clang", preprocess = "clang" } end

local function includes(names)
    local lines = {}
    for name in names:gmatch "%S+" do lines[#lines + 1] = ("#include <%s>\n"):format(name) end
    return table.concat(lines)
end

local function add(jobs, name, names, way, flags)
    way = way or {}
    local standard = way.standard or ""
    jobs[#jobs + 1] = {
        name = name .. (way.name or ""), source = includes(names), preprocess = way.preprocess or GCC, standard = standard,
        flags = table.concat({ flags or "", way.flags or "", standard }, " "),
        oracle = way.preprocess and clangs_own[names] and "none" or nil,
    }
end

local function add_ways(jobs, name, flags)
    for _, way in ipairs(ways) do
        if not (way.preprocess and overloads[name]) then add(jobs, name, name, way, flags) end
    end
end

-- The compiler flags of an installed package, or nil.
local function package_flags(package)
    local flags, status = support.run(("pkg-config --cflags %s 2>/dev/null"):format(support.quote(package)))
    if status == 0 then return (flags:gsub("%s+$", "")) end
end

local function add_packages(jobs, missing)
    for _, row in ipairs(packages) do
        local package, names = row[1], row[2]
        local flags = package_flags(package)
        if flags then
            for name in names:gmatch "%S+" do add(jobs, name, name, nil, flags) end
            add_ways(jobs, names:match "%S+", flags)
        else
            for name in names:gmatch "%S+" do missing[#missing + 1] = name end
        end
    end
end

-- The jobs, and the names of headers whose package is not installed.
function cases.list()
    local jobs, missing = {}, {}
    for _, names in ipairs(libc) do
        for name in names:gmatch "%S+" do add(jobs, name, name) end
    end
    for _, name in ipairs(varied) do add_ways(jobs, name) end
    add_packages(jobs, missing)
    return jobs, missing
end

local NO_C = { ["c++"] = true, node = true, ["llvm-14"] = true }

-- Where all installed packages keep their headers, as -I flags.
local function all_include_flags()
    local text = support.run "pkg-config --list-package-names 2>/dev/null | xargs -n 1 pkg-config --cflags-only-I 2>/dev/null"
    local flags, seen = {}, {}
    for flag in text:gmatch "%-I%S+" do
        if not seen[flag] then flags[#flags + 1] = flag end
        seen[flag] = true
    end
    return table.concat(flags, " ")
end

-- What many headers take for granted.
local COMMON = "stddef.h stdint.h stdarg.h stdio.h stdlib.h string.h sys/types.h sys/socket.h netinet/in.h"

-- Every header below a directory, each alone, or after the common ones where it does not compile alone.
function cases.below(directory)
    local jobs = {}
    local flags = all_include_flags()
    local text = support.run(("cd %s && find -L . -name '*.h' | sort"):format(support.quote(directory)))
    for name in text:gmatch "%./([^\n]+)" do
        if not NO_C[name:match "^[^/]*"] then
            jobs[#jobs + 1] = {
                name = name, source = ("#include \"%s/%s\"\n"):format(directory, name), preprocess = GCC, standard = "",
                flags = "-D_GNU_SOURCE " .. flags, retry = includes(COMMON),
            }
        end
    end
    return jobs
end

return cases
